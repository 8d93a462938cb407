"""A painter upon a widget from which nothing that fails goes on into Qt.

An exception that leaves `paintEvent` is raised again by PySide in the next painter's constructor, and that painter is
never ended: the process then dies in Qt. So it ends here, and is handed to `sys.excepthook`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget


@contextmanager
def painting(widget: QWidget) -> Iterator[QPainter]:
    """A smooth painter for the body of a `paintEvent`; what fails in there is reported, and the rest not painted."""
    painter = QPainter(widget)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        yield painter
    except Exception as error:
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        painter.end()
