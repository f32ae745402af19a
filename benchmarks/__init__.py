"""Speed, measured: the real server under a real load generator, one table of ratios.

Starts the service as a user would and never imports app.
"""
