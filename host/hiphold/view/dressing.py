"""How a whole window looks: theme and size, and where on the screen it was last."""

from __future__ import annotations

import base64

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QApplication, QMainWindow

from hiphold.session.preferences import Preferences
from hiphold.view.sheet import sheet
from hiphold.view.theme import apply, font

FIRST_SIZE = 1280, 800


def dress_application(preferences: Preferences) -> None:
    """Use the theme and the size that are chosen, in what is made from now on."""
    application = QApplication.instance()
    if isinstance(application, QApplication):
        apply(application, preferences.theme, preferences.scale)


def dress(window: QMainWindow, preferences: Preferences) -> None:
    """Use them in this window too."""
    dress_application(preferences)
    window.setFont(font(15))  # the application's does not reach what a style sheet has touched
    window.setStyleSheet(sheet())


def restore(window: QMainWindow, preferences: Preferences) -> None:
    """Place it where it was last."""
    window.resize(*FIRST_SIZE)
    if preferences.geometry:
        window.restoreGeometry(QByteArray(base64.b64decode(preferences.geometry)))


def remember(window: QMainWindow, preferences: Preferences) -> str:
    """Keep where it is, and all that was chosen. Returns why that could not be, as a sentence; empty when it was."""
    preferences.geometry = base64.b64encode(window.saveGeometry().data()).decode()
    return preferences.save()


def toggle_full_screen(window: QMainWindow) -> None:
    """Full screen, or back."""
    if window.isFullScreen():
        window.showNormal()
    else:
        window.showFullScreen()
