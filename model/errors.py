"""The errors that a user can correct: each message is one sentence that says what to do.

Command lines and the server print these messages without a traceback; any other exception is a
fault of the code and keeps its traceback.
"""


class UserError(Exception):
    """Something outside the code is wrong; the message says what, and what to do."""


class DatasetError(UserError):
    """A dataset file cannot be read, or does not hold labelled examples."""


class ArtifactError(UserError):
    """A trained artifact is missing, damaged, or not made for this environment."""


class BulkError(UserError):
    """A file cannot be labelled, or not in the way that was asked for."""


class FormatError(UserError):
    """A file is not of a form that can be read; the message goes on after the file's name."""
