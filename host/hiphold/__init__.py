"""hiphold measures the standing psoas hold with clip-on inertial sensors."""

__version__ = "0.1.0"
