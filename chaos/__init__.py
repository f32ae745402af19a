"""Faults and hostile clients, made on purpose, and what the service promises in their face."""
