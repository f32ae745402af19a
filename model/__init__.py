"""The text classifier: text in, label out.

Importable in a notebook: nothing here knows of HTTP, processes or command lines. Serving begins in
classifier.py, training in training.py; both meet in artifact.py.
"""
