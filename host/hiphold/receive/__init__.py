"""Receiving nodes, whatever carries them: what to say to a node, what came of it, many at once into one recording."""
