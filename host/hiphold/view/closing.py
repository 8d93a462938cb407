"""The end of the window: what covers it while the session closes, and how long that is waited for."""

from __future__ import annotations

import time

from PySide6.QtCore import QEventLoop, Qt
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from hiphold.session.texts import text
from hiphold.view.link import Link
from hiphold.view.sheet import label

CLOSE_S = 8.0
"""at most"""
LOOK_MS = 33


def veil_over(window: QWidget) -> QLabel:
    """What covers a window meanwhile; hidden at first."""
    veil = label("veil", "title", f"{text('window.saving')}\n{text('window.saving_why')}")
    veil.setParent(window)
    veil.setAlignment(Qt.AlignmentFlag.AlignCenter)
    veil.setAutoFillBackground(True)
    veil.hide()
    return veil


def wait_under(veil: QLabel, link: Link) -> None:
    """Until the session is closed and written; the window stays alive meanwhile."""
    veil.setGeometry(veil.window().rect())
    veil.show()
    veil.raise_()
    until_s = time.monotonic() + CLOSE_S
    while link.alive and time.monotonic() < until_s:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, LOOK_MS)
        time.sleep(0.005)
    veil.hide()
