"""What fails in drawing ends here: it is said once, and the session goes on."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from types import TracebackType

_log = logging.getLogger(__name__)


class Guard:
    """Takes what fails. `tell` says it to a person, once."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self.failed = False
        self._tell = tell
        self._before, sys.excepthook = sys.excepthook, self._caught

    def attempt(self, what: Callable[[], object]) -> None:
        """Do it, and take what fails in it."""
        try:
            what()
        except Exception as error:
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """Take what went wrong in drawing."""
        if not self.failed:
            self.failed = True
            _log.error("drawing failed", exc_info=error)
            self._tell()

    def stop(self) -> None:
        """Take nothing any more."""
        if sys.excepthook == self._caught:
            sys.excepthook = self._before

    def _caught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """What Qt's callbacks let through, painting included, comes here instead of ending the process."""
        if issubclass(kind, Exception):
            self.fail(error)
        else:
            self._before(kind, error, trace)
