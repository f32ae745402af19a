"""The text classifier: text in, label out.

Importable in a notebook: nothing here knows of HTTP, processes or command lines.
"""
