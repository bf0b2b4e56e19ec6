"""MobileNet GUI: recognise photos on your own machine. This file owns the version, nothing else."""

__version__ = "0.1.0"
