"""Faults made on purpose, and what the service does about them: `make chaos`.

Each trial is a module with a function `trial`. Everything listens on the loopback interface and is
stopped by who started it.
"""
