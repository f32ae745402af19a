"""Processes and connections: how the WSGI application is served.

gunicorn.conf.py alone imports this package; `app` also runs under any other WSGI server.
"""
