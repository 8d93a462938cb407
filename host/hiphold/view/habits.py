"""What a person chooses once and for all, in the menu only: how a calibration begins, and where recordings go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QWidget

from hiphold.session.preferences import Preferences
from hiphold.session.texts import text


class Habits:
    """Actions without keys; kept in the preferences."""

    def __init__(self, preferences: Preferences, note: Callable[..., None], over: QWidget) -> None:
        self._preferences, self._note, self._over = preferences, note, over
        self.quick, self.folder = _action("quick_always", over), _action("folder", over)
        self.quick.setCheckable(True)
        self.quick.setChecked(preferences.quick)
        self.quick.toggled.connect(self._choose_quick)
        self.folder.triggered.connect(self._ask_folder)

    @property
    def actions(self) -> tuple[QAction, ...]:
        """In the order of the menu."""
        return self.quick, self.folder

    def _choose_quick(self, on: bool) -> None:
        self._preferences.quick = on
        self._note("quick_on" if on else "quick_off")

    def _ask_folder(self) -> None:
        """Ask for the folder, beginning with the one in use."""
        dialog = QFileDialog(self._over, text("window.folder_title"), str(self._preferences.folder))
        dialog.setObjectName("folder_dialog")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._choose_folder)
        dialog.open()

    def _choose_folder(self, chosen: str) -> None:
        self._preferences.folder = Path(chosen).resolve()
        self._note("folder_chosen", folder=self._preferences.folder)


def _action(name: str, owner: QWidget) -> QAction:
    made = QAction(text(f"window.menu_{name}"), owner)
    made.setObjectName(name)
    made.setToolTip(text(f"window.menu_{name}_why"))
    made.setStatusTip(made.toolTip())
    made.setMenuRole(QAction.MenuRole.NoRole)
    return made
