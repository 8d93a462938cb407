"""How the nodes and the recording of one athlete are: a table of nodes, full or short, and a line."""

from __future__ import annotations

from math import isnan

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from hiphold.session.scene import FAULT, INFO, WARNING, NodeHealth, RecordingState, Scene
from hiphold.session.texts import text
from hiphold.view import theme
from hiphold.view.readings import NOTHING, clock, figure, place
from hiphold.view.rows import Row, Rows
from hiphold.view.signs import GOOD, SIGNS
from hiphold.view.words import Words

COLUMNS = ("node", "name", "state", "rate", "lost", "missing", "battery", "signal", "drift", "disagreement")
SHORT = ("node", "state", "battery", "signal")
"""the columns of the short table; the others stand below them"""


class HealthTable(QWidget):
    """The nodes of one athlete, and the recording."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("health")
        self._nodes: tuple[NodeHealth, ...] | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.scaled(4))
        self.full = Rows("nodes", wide=2, right=(3, 4, 5, 6, 7, 8, 9))
        self.short = Rows("nodes_compact", wide=1, right=(2, 3))
        self.recording = Words("recording", 12)
        for widget in (self.full, self.short, self.recording):
            widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            layout.addWidget(widget)
        self.set_compact(compact=False)

    def set_compact(self, *, compact: bool) -> None:
        """For a narrow column: two lines for each node, no heads."""
        self.full.setVisible(not compact)
        self.short.setVisible(compact)

    def show_scene(self, scene: Scene) -> None:
        """Show the nodes and the recording of this scene."""
        if scene.nodes != self._nodes:
            self._show_nodes(scene.nodes)
            self._nodes = scene.nodes
        self._show_recording(scene.recording)

    def _show_nodes(self, nodes: tuple[NodeHealth, ...]) -> None:
        whole = "\n".join(_whole(node) for node in nodes) or text("coach_view.no_nodes")
        heads = tuple(text(f"coach_view.column_{column}") for column in COLUMNS)
        self.full.show_rows(tuple(_full(node) for node in nodes), heads, whole=whole)
        self.short.show_rows(tuple(_short(node) for node in nodes), whole=whole)

    def _show_recording(self, recording: RecordingState) -> None:
        name = recording.path.replace("\\", "/").rpartition("/")[2]
        words = text(f"coach_view.recording_{recording.state}", time=clock(recording.seconds), file=name)
        sign = {"recording": GOOD, "failed": FAULT, "off": WARNING}.get(recording.state, "")
        whole = "\n".join(part for part in (words, recording.why, recording.path) if part)
        words = f"{words} {recording.why}" if recording.why else words
        self.recording.show_words(words, sign=sign, colour="fault" if sign == FAULT else "faint", whole=whole)


def _cells(node: NodeHealth) -> dict[str, str]:
    """What stands in each of COLUMNS."""
    battery = node.battery or NOTHING
    return {
        "node": place(node.placement).capitalize(),
        "name": node.name,
        "state": node.state,
        "rate": figure(node.rate_hz, " Hz"),
        "lost": str(node.lost),
        "missing": str(node.missing),
        "battery": text("coach_view.battery_low", battery=battery) if node.battery_low else battery,
        "signal": node.signal or NOTHING,
        "drift": figure(node.drift_deg_per_min, "°/min", 1),
        "disagreement": figure(node.disagreement_deg, "°", 1),
    }


def _colours(node: NodeHealth, columns: tuple[str, ...]) -> tuple[tuple[int, str], ...]:
    """Where one of these columns is to be noticed, and in which colour."""
    found = [(columns.index("state"), SIGNS[node.severity][1])] if node.severity != INFO else []
    return (*found, *([(columns.index("battery"), "warning")] if node.battery_low else []))


def _sign(node: NodeHealth) -> str:
    return GOOD if node.severity == INFO else node.severity


def _full(node: NodeHealth) -> Row:
    cells = _cells(node)
    return Row(tuple(cells[column] for column in COLUMNS), _sign(node), _colours(node, COLUMNS))


def _short(node: NodeHealth) -> Row:
    cells = _cells(node) | {"node": text(f"coach_view.short_{node.placement}")}
    below = [cells["rate"], text("coach_view.lost", lost=node.lost), text("coach_view.missing", missing=node.missing)]
    below += [cells["drift"]] if not isnan(node.drift_deg_per_min) else []
    below += [f"Δ {cells['disagreement']}"] if not isnan(node.disagreement_deg) else []
    return Row(tuple(cells[column] for column in SHORT), _sign(node), _colours(node, SHORT), ", ".join(below))


def _whole(node: NodeHealth) -> str:
    """All of a node in a sentence."""
    cells = _cells(node)
    heads = [text(f"coach_view.column_{column}") for column in COLUMNS[3:]]
    figures = [f"{head} {cells[column]}" for head, column in zip(heads, COLUMNS[3:])]
    sign = text(f"coach_view.sign_{_sign(node)}")
    return f"{cells['node']} ({node.name}), {sign}: {node.state}. " + ", ".join(figures)
