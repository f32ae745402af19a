"""Bulk scoring: a file of texts in, the same rows with their labels out, on one machine or many.

`run.label_file` is the whole of it. The process that it is called in reads and writes bytes; rows
are read, classified and written as JSON by worker processes.
"""
