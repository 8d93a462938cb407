"""A laboratory without hardware: nodes that really run, on simulated chips, radio and time."""
