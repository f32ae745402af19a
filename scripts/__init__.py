"""Thin command lines over `model`: they parse arguments, call and print."""
