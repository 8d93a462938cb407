"""`hiphold` with a witness inside: witness.py ARGUMENTS, which are those of `hiphold`.

For each line on its standard input, a request in JSON, it says in a line of its standard output what is shown:
`picture` also saves a picture of what is in front, `die` kills the process after that. The session knows nothing of it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from PySide6.QtCore import QSocketNotifier, QTimer
from PySide6.QtWidgets import QApplication, QTableWidget, QWidget

from hiphold.cli import main

SAMPLED_MS = 20
SAMPLED = ("advice", "notices", "strip", "prompt", "results")
"""what may come and go between two looks"""


def words_of(widget: QWidget) -> str:
    """What a widget says to somebody who cannot see it."""
    if isinstance(widget, QTableWidget):
        rows, columns = range(widget.rowCount()), range(widget.columnCount())
        cells = [[item.text() if (item := widget.item(row, k)) else "" for k in columns] for row in rows]
        return "\n".join(" | ".join(row) for row in cells)
    own = getattr(widget, "text", None)
    return str(own()) if callable(own) else widget.accessibleDescription()


class Witness:
    """Looks at the window now and then, and answers."""

    def __init__(self) -> None:
        self._ever: dict[str, list[str]] = {name: [] for name in SAMPLED}
        self._notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(self._answer)
        self._timer = QTimer(interval=SAMPLED_MS)
        self._timer.timeout.connect(self._sample)
        self._timer.start()

    def _window(self) -> Any:
        return next((each for each in QApplication.topLevelWidgets() if each.objectName() == "window"), None)

    def _named(self) -> dict[str, str]:
        visible = [top for top in QApplication.topLevelWidgets() if top.isVisible()]
        found = [each for top in visible for each in (top, *top.findChildren(QWidget)) if each.isVisible()]
        return {each.objectName(): words_of(each) for each in found if each.objectName()}

    def _sample(self) -> None:
        window = self._window()
        if window is None:
            return
        for name, ever in self._ever.items():
            for each in window.findChildren(QWidget, name):
                words = words_of(each)
                if each.isVisible() and words and (not ever or ever[-1] != words):
                    ever.append(words)

    def _answer(self) -> None:
        line = sys.stdin.readline()
        if not line:
            self._notifier.setEnabled(False)
            return
        request = json.loads(line)
        told = self._look()
        if "picture" in request:
            told["colours"] = self._take_picture(request["picture"])
        print(json.dumps(told), flush=True)
        if "die" in request:
            os.kill(os.getpid(), signal.SIGKILL)

    def _front(self) -> Any:
        return QApplication.activeModalWidget() or self._window()

    def _look(self) -> dict[str, Any]:
        window, front, focus = self._window(), self._front(), QApplication.focusWidget()
        page = window.stack.currentWidget() if window else None
        scenes = window.lanes.scenes if window else {}
        return {
            "words": self._named(),
            "page": next((name for name, each in window.pages.items() if each is page), "") if window else "",
            "front": front.objectName() if front else "",
            "front_id": int(front.winId()) if front else 0,
            "focus": focus.objectName() if focus else "",
            "recorded_s": scenes[0].recording.seconds if 0 in scenes else 0.0,
            "ever": self._ever,
        }

    def _take_picture(self, path: str) -> int:
        """Save it; of how many colours it is, by one pixel in thirty."""
        picture = self._front().grab()
        picture.save(path)
        image = picture.toImage()
        at = [(x, y) for x in range(0, image.width(), 5) for y in range(0, image.height(), 6)]
        return len({image.pixel(x, y) for x, y in at})


if __name__ == "__main__":
    application = QApplication(["hiphold"])
    witness = Witness()
    main()
