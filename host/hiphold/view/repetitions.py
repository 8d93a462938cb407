"""The table of a session's repetitions: a row each, its columns share the width."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from hiphold.session.scene import Rep
from hiphold.session.texts import text
from hiphold.view.readings import with_half_width
from hiphold.view.sheet import label
from hiphold.view.theme import current, font, scaled

COLUMNS = ("number", "side", "held", "result", "elevation", "out", "across", "range", "tilt", "obliquity", "turn")
NARROW = ("number", "side", "result")
"""these need no more than they need"""
SMALLEST, PIXELS, LARGEST = 9, 15, 20
"""how high it is written, before scaling: at least, as a rule, and where there is much room"""
HEADER = 0.88
"""its height, as a share of that"""
SPARSE = 0.72
"""so much of the width is filled before it is written larger"""
ROW = 2.4
"""height of a row, as a multiple of it"""
BETWEEN = 4
"""pixels between columns, beside what Qt leaves"""


def cells(rep: Rep) -> tuple[str, ...]:
    """One repetition as the texts of COLUMNS."""
    marks = [text("summary_view.attempt")] * (not rep.is_hold) + ["✓"] * rep.full + ["★"] * rep.best
    return (
        str(rep.number),
        text(f"side.{rep.side}"),
        with_half_width(rep.hold_s, "", rep.hold_uncertainty_s),
        " ".join(marks),
        with_half_width(rep.elevation_deg, "", rep.elevation_uncertainty_deg),
        with_half_width(rep.rotation_out_deg, signed=True),
        with_half_width(rep.rotation_in_deg, signed=True),
        with_half_width(rep.rotation_range_deg),
        with_half_width(rep.pelvis_tilt_deg, signed=True),
        with_half_width(rep.pelvis_obliquity_deg, signed=True),
        with_half_width(rep.pelvis_rotation_deg, signed=True),
    )


class Repetitions(QTableWidget):
    """The repetitions, a row each; its columns share the width."""

    def __init__(self) -> None:
        super().__init__(0, len(COLUMNS))
        self.setObjectName("reps")
        self.setAccessibleName(text("summary_view.reps"))
        self._headers = [QTableWidgetItem() for _ in COLUMNS]
        for at, (name, item) in enumerate(zip(COLUMNS, self._headers)):
            item.setText(text(f"summary_view.column_{name}"))
            item.setToolTip(text(f"summary_view.about_{name}"))
            item.setTextAlignment(_aligned(at))
            self.setHorizontalHeaderItem(at, item)
        self._nothing = label("no_reps", "faint", text("summary_view.no_reps"))
        self._nothing.setParent(self.viewport())
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)

    def show_reps(self, reps: tuple[Rep, ...]) -> None:
        """Show these; attempts are fainter, and the longest so far is bold."""
        self.setRowCount(len(reps))
        self._nothing.setVisible(not reps)
        for row, rep in enumerate(reps):
            for column, words in enumerate(cells(rep)):
                self.setItem(row, column, _cell(rep, column, words))
        self.spread()

    def spread(self) -> None:
        """Give each column what it needs, and share what is left; write smaller where there is too little."""
        room = self.viewport().width()
        pixels, needs = self._largest_in(room)
        self.verticalHeader().setDefaultSectionSize(scaled(ROW * max(pixels, 12)))
        spare = max(room - sum(needs), 0) // (len(COLUMNS) - len(NARROW))
        for column, (name, need) in enumerate(zip(COLUMNS, needs)):
            self.setColumnWidth(column, need if name in NARROW else need + spare)

    def _largest_in(self, room: int) -> tuple[int, list[int]]:
        """The height to write at, and what each column needs then: larger than usual only where there is much room."""
        for pixels in range(LARGEST, SMALLEST, -1):
            needs = self._needs(pixels)
            if sum(needs) <= room * (SPARSE if pixels > PIXELS else 1.0):
                return pixels, needs
        return SMALLEST, self._needs(SMALLEST)

    def _needs(self, pixels: float) -> list[int]:
        """How wide each column must be, written at this height."""
        header = self.horizontalHeader()
        self.setFont(font(pixels))
        for item in self._headers:  # a style sheet keeps the font that the header itself had first
            item.setFont(font(pixels * HEADER))
        between = scaled(BETWEEN)
        return [max(self.sizeHintForColumn(k), header.sectionSizeHint(k)) + between for k in range(len(COLUMNS))]

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width anew."""
        super().resizeEvent(event)
        self._nothing.setGeometry(self.viewport().rect())
        self.spread()


def _aligned(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if COLUMNS[column] in ("side", "result") else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter


def _cell(rep: Rep, column: int, words: str) -> QTableWidgetItem:
    item = QTableWidgetItem(words)
    item.setTextAlignment(_aligned(column))
    item.setForeground(QColor(current().text if rep.is_hold else current().faint))
    if rep.best:
        bold = QFont()
        bold.setBold(True)
        item.setFont(bold)
        item.setToolTip(text("summary_view.about_best"))
    return item
