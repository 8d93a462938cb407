"""The table of `make accuracy`: every method beside the others, against truth, on the same recordings."""
