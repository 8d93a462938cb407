"""The live session in a terminal: the same phases, words and keys as the window, in 80 by 24 characters and more."""
