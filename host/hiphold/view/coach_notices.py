"""What to attend to, on the coach's page: the worst first, as many lines as there is room for."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from hiphold.session.scene import Notice
from hiphold.session.texts import text
from hiphold.view import theme
from hiphold.view.coach_forms import ALONE, NOTICES
from hiphold.view.signs import GOOD, by_severity, described
from hiphold.view.words import Words


class Notices(QWidget):
    """What to attend to, the worst first."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("notices")
        self._shown: tuple[Notice, ...] | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(theme.scaled(2))
        self.lines = tuple(Words(f"notice_{k}", 12) for k in range(max(count for count, _ in NOTICES.values())))
        for words in self.lines:
            self._layout.addWidget(words)
        self._layout.addStretch(1)
        self._count, self._fixed = len(self.lines), True

    def arrange(self, form: str) -> None:
        """Show as many, in as many lines, as this form allows."""
        self._count, lines = NOTICES[form]
        self._fixed = form != ALONE
        for words in self.lines:
            words.resize_text(12, lines)
        for words in self.lines[self._count :]:
            words.hide()
        shown, self._shown = self._shown, None
        if shown is not None:
            self.show_notices(shown)

    def show_notices(self, notices: tuple[Notice, ...]) -> None:
        """Show the worst; the last line stands for all that do not fit."""
        if notices == self._shown:
            return
        self._shown = notices
        sorted_ = by_severity(notices)
        self.setAccessibleDescription(described(sorted_))
        for k, words in enumerate(self.lines[: self._count]):
            words.setVisible(self._fixed or k == 0 or k < len(notices))
            mine = sorted_[k:] if k == self._count - 1 else sorted_[k : k + 1]
            words.setFocusPolicy(Qt.FocusPolicy.TabFocus if mine else Qt.FocusPolicy.NoFocus)
            if mine:
                more = text("coach_view.more", count=len(mine) - 1) if len(mine) > 1 else ""
                whole = "\n".join(notice.text for notice in mine)
                words.show_words(f"{more} {mine[0].text}".strip(), sign=mine[0].severity, colour="text", whole=whole)
            elif k or notices:
                words.show_words("")
            else:
                words.show_words(text("coach_view.no_notices"), sign=GOOD, colour="faint")
