"""All of one athlete on the coach's page: figures, repetitions, notices, plots and nodes, on a card."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QWidget

from hiphold.session.scene import Rep, Scene
from hiphold.session.texts import text
from hiphold.view import theme
from hiphold.view.coach_figures import Figures
from hiphold.view.coach_forms import (
    ALONE,
    ASIDE,
    LANE_MIN,
    NARROW,
    PAIR,
    PLACES,
    REPS,
    ROWS,
    SHARES,
    STRETCHED,
)
from hiphold.view.coach_notices import Notices
from hiphold.view.health import HealthTable
from hiphold.view.painting import painting
from hiphold.view.plots import AthletePlots
from hiphold.view.readings import figure
from hiphold.view.rows import Row, Rows
from hiphold.view.signs import BEST, GOOD

REP_HEADS = ("number", "side", "held", "elevation", "turn", "verdict")


class Lane(QWidget):
    """All of one athlete."""

    chosen = Signal(int)
    """somebody clicked into it: which lane it is"""

    def __init__(self, lane: int) -> None:
        super().__init__()
        self.setObjectName(f"lane_{lane}")
        self.lane = lane
        self.form, self.compact = NARROW, True
        self.is_selected = False
        self.scene: Scene | None = None
        self.figures, self.notices, self.plots, self.health = Figures(), Notices(), AthletePlots(), HealthTable()
        self.reps = Rows("reps", wide=1, right=(0, 2, 3, 4, 5))
        self.reps.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._grid = QGridLayout(self)
        self.arrange(NARROW, compact=True)

    def arrange(self, form: str, *, compact: bool) -> None:
        """Lay it out in this form, with the short table of nodes or the full one."""
        self.health.set_compact(compact=compact)
        self.form, self.compact = form, compact
        self._grid.setContentsMargins(*4 * (theme.scaled(10),))
        self._grid.setVerticalSpacing(theme.scaled(8))
        self._grid.setHorizontalSpacing(theme.scaled(16))
        self._place(form)
        self.setMinimumWidth(theme.scaled(LANE_MIN))
        self.figures.arrange(form)
        self.notices.arrange(form)
        if self.scene:
            self.show_scene(self.scene)

    def _place(self, form: str) -> None:
        for name, place in PLACES[form].items():
            widget = getattr(self, name)
            self._grid.removeWidget(widget)
            self._grid.addWidget(widget, *place)
        for row in range(ROWS):
            self._grid.setRowStretch(row, int(row == STRETCHED[form]))
        for column, share in enumerate(SHARES[form]):
            self._grid.setColumnStretch(column, share)
        self._grid.setColumnMinimumWidth(0, theme.scaled(ASIDE) if form == ALONE else 0)

    def show_scene(self, scene: Scene) -> None:
        """Show this; the plots follow at the next tick."""
        self.scene = scene
        self.figures.show_scene(scene, self.lane, chosen=self._is_framed())
        self.notices.show_notices(scene.notices)
        self._show_reps(scene.reps)
        self.plots.show_scene(scene)
        self.health.show_scene(scene)
        self.setAccessibleName(self.figures.athlete.words)

    def select(self, *, selected: bool) -> None:
        """Show whether keys act on this athlete."""
        if selected != self.is_selected:
            self.is_selected = selected
            if self.scene:
                self.figures.show_scene(self.scene, self.lane, chosen=self._is_framed())
            self.setAccessibleDescription(text("coach_view.selected") if selected else "")
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click selects it."""
        self.chosen.emit(self.lane)
        super().mousePressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """A card, with a stronger frame when it is selected."""
        width = theme.scaled(3) if self._is_framed() else 1
        inset = width / 2
        with painting(self) as painter:
            painter.setPen(QPen(theme.colour("accent" if self._is_framed() else "line"), width))
            painter.setBrush(theme.colour("panel"))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), 8, 8)

    def _is_framed(self) -> bool:
        """One athlete alone needs no frame."""
        return self.is_selected and self.form != ALONE

    def _show_reps(self, reps: tuple[Rep, ...]) -> None:
        newest = tuple(reversed(reps))[: REPS[self.form]]
        whole = "\n".join(_rep_whole(rep) for rep in newest) or text("coach_view.no_reps")
        rich = self.form in (ALONE, PAIR)
        rows = tuple(_rep_row(rep, rich=rich) for rep in newest) or (
            Row(("", text("coach_view.no_reps")), colours=((1, "faint"),)),
        )
        heads = REP_HEADS if rich and reps else ()
        reserved = 0 if self.form == ALONE else REPS[self.form]
        self.reps.show_rows(
            rows, tuple(text(f"coach_view.rep_{head}") for head in heads), whole=whole, reserved=reserved
        )


def _verdict(rep: Rep) -> str:
    if rep.best:
        return "best"
    return "full" if rep.full else "short" if rep.is_hold else "attempt"


def _rep_row(rep: Rep, *, rich: bool) -> Row:
    verdict = _verdict(rep)
    cells = (
        figure(rep.number, ""),
        text(f"side.{rep.side}"),
        figure(rep.hold_s, " s", 1),
        figure(rep.elevation_deg),
        *([figure(rep.rotation_range_deg)] if rich else []),
        text(f"coach_view.rep_{verdict}"),
    )
    return Row(cells, {"best": BEST, "full": GOOD}.get(verdict, ""), ((1, "faint"), (len(cells) - 1, "faint")))


def _rep_whole(rep: Rep) -> str:
    return text(
        "coach_view.rep_whole",
        number=rep.number,
        side=text(f"side.{rep.side}"),
        held=figure(rep.hold_s, " s", 1),
        elevation=figure(rep.elevation_deg),
        turn=figure(rep.rotation_range_deg),
        verdict=text(f"coach_view.rep_{_verdict(rep)}"),
    )
