"""Where frames come from: one async iterator each; siblings never import each other."""
