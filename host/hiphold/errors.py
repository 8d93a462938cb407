"""What can go wrong for a user: one base, one class per thing a caller can do about it.

Each message is one or two sentences: what is wrong and what to do. The command line prints it and ends with 1.
"""


class HipholdError(Exception):
    """Base of every error that is shown to a user."""


class BadInputError(HipholdError):
    """A file or folder is not what it should be; the message names the place in it."""


class NothingToMeasureError(HipholdError):
    """The recording is sound, but has no thigh, or no quiet stand to measure from."""


class MissingExtraError(HipholdError):
    """An optional package is not installed; the message has the command that installs it."""
