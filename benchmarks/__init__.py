"""Speed, measured: the real server under a real load generator, one table of ratios.

May import model; starts the service as a user would and never imports app.
"""
