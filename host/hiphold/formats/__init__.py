"""Foreign file formats: one file each, reading and writing together."""
