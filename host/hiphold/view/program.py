"""The window as a program: Qt is begun, the session beside it, and both end together."""

from __future__ import annotations

import signal
import sys

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from hiphold.session import texts
from hiphold.session.preferences import Preferences
from hiphold.session.worker import Worker
from hiphold.view.sound import Sound
from hiphold.view.window import Window

LOOK_MS = 200


def show(worker: Worker, preferences: Preferences) -> None:
    """Show a session in a window until it is closed; the session has ended and is written then."""
    texts.speak(preferences.language)
    application = QApplication.instance() or QApplication(sys.argv[:1])
    if not isinstance(application, QApplication):
        raise RuntimeError("another kind of Qt application runs here already")
    application.setApplicationName("hiphold")
    sound = Sound()
    window = Window(worker, preferences, sound)
    worker.start()  # only now: a session without a window would never end
    # Python takes a signal wherever it runs, in the middle of a painting too: only the event loop may close the window.
    told: list[int] = []
    look = QTimer(window, interval=LOOK_MS)
    look.timeout.connect(lambda: told and window.close())
    look.start()
    asked = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if sys.platform != "win32" else [])]
    before = {number: signal.signal(number, lambda number, _frame: told.append(number)) for number in asked}
    try:
        window.show()
        application.exec()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        sound.close()
        worker.join()
