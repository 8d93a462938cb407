"""Before a session: what is in reach, and, the first time, whose nodes these are and where they are worn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import DataTable

from hiphold.console import wording
from hiphold.console.dialogs import Field, Form, Values, in_bytes, wrong_code
from hiphold.console.gauges import printable
from hiphold.console.line import Line, Look
from hiphold.session.scene import FAULT, WARNING, Command, Finding, Heard
from hiphold.session.texts import text
from hiphold.wire import LID_SIDES, MAX_NAME, PLACEMENTS

COLUMNS = ("worn", "name", "placement", "lid", "signal", "battery", "owner")
NARROW_COLUMNS = COLUMNS[:3] + COLUMNS[4:6]
"""for less than 74 columns"""


def preselected(heard: Sequence[Heard]) -> set[str]:
    """Addresses to begin with: of the nodes that can be used those of the first known owner, else one per place."""
    usable = [each for each in heard if not each.problem]
    owner = next((each.owner for each in usable if each.owner), "")
    found: dict[str, str] = {}
    for each in usable:
        if each.owner == owner:
            found.setdefault(each.placement, each.address)
    return set(found.values())


def wrong_choice(chosen: Sequence[Heard]) -> str:
    """Why these nodes cannot be worn together, as a sentence; empty when they can."""
    problem = next((each.problem for each in chosen if each.problem), "")
    if problem:
        return problem
    placement, times = next(iter(Counter(each.placement for each in chosen).most_common(1)), ("", 0))
    if times > 1:
        return text("terminal.twice", placement=wording.place(placement))
    thighs = [each for each in chosen if each.placement.startswith("thigh")]
    return "" if thighs else text("terminal.no_thigh")


class NodeTable(DataTable[str], can_focus=False):
    """The nodes in reach; a row is chosen with the arrow keys, once there is one."""

    DEFAULT_CSS = """
    NodeTable { height: auto; max-height: 55%; margin: 1 0; background: $background; }
    NodeTable:focus { background-tint: $background 0%; }
    NodeTable > .datatable--header { background: $surface; color: $faint; text-style: none; }
    NodeTable > .datatable--odd-row, NodeTable > .datatable--even-row { background: $background; }
    NodeTable > .datatable--cursor { background: $accent; color: $background; text-style: bold; }
    """


class FindingPage(Vertical):
    """What goes on, the nodes, and what can be done with them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "wear", show=False),
        Binding("b,B", "blink", show=False),
        Binding("p,P", "setup('placement')", show=False),
        Binding("n,N", "setup('name')", show=False),
    ]
    DEFAULT_CSS = """
    FindingPage { height: 1fr; padding: 1 2 0 2; }
    FindingPage #finding_text { text-style: bold; margin: 1 0 0 0; }
    FindingPage #finding_problem { margin: 0 0 1 0; }
    """

    def __init__(self, terminal: Look, tell: Callable[[Command], None]) -> None:
        super().__init__(id="finding")
        self._terminal = terminal
        self._tell = tell
        self.finding = Finding("looking", "")
        self._chosen: set[str] = set()
        self._known: set[str] = set()
        self._rows: tuple[object, ...] = ()
        self._insisted = False
        self._state = Line(terminal, name="finding_state")
        self._text = Line(terminal, name="finding_text")
        self._table = NodeTable(cursor_type="row", cell_padding=1)
        self._problem = Line(terminal, name="finding_problem")
        self._busy = Line(terminal, name="finding_busy")

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self._state
        yield self._text
        yield self._table
        yield self._problem
        yield self._busy

    @property
    def choosing(self) -> bool:
        """Whether a person has to choose nodes."""
        return self.finding.state == "choose"

    @property
    def worn(self) -> tuple[Heard, ...]:
        """The nodes that are chosen."""
        return tuple(each for each in self.finding.heard if each.address in self._chosen)

    def show(self, finding: Finding) -> None:
        """Show what is in reach now."""
        self.finding = finding
        addresses = {each.address for each in finding.heard}
        if not self._known & addresses:
            self._chosen = preselected(finding.heard)
        self._known = addresses
        self.draw(0.0)

    def draw(self, time_s: float) -> None:
        """Draw it; time_s moves the sign that something goes on."""
        marks, finding = self._terminal.marks, self.finding
        waiting = finding.state in ("looking", "connecting")
        dots = marks.dot * (int(time_s) % 3 + 1) if waiting else ""
        tone = FAULT if finding.state == "failed" else "active"
        mark = f"{marks.fault} " if finding.state == "failed" else ""
        self._state.show(f"{mark}{text(f'terminal.{finding.state}')} {dots}".rstrip(), tone)
        self._text.show(finding.text)
        self._busy.show(f"{marks.now} {finding.busy}" if finding.busy else "", "active")
        self._draw_table()
        self._draw_problem()

    def _draw_table(self) -> None:
        columns = COLUMNS if self.size.width >= 74 or not self.size.width else NARROW_COLUMNS
        state = (self.finding.heard, frozenset(self._chosen), columns)
        self._table.display = self._table.can_focus = bool(self.finding.heard)
        if state == self._rows:
            return
        self._rows = state
        at = self._table.cursor_row
        self._table.clear(columns=True)
        for each in columns:
            self._table.add_column(text(f"terminal.column_{each}"), key=each)
        for heard in self.finding.heard:
            cells = (printable(self._cell(heard, each), self._terminal.encoding) for each in columns)
            self._table.add_row(*cells, key=heard.address)
        self._table.move_cursor(row=min(at, len(self.finding.heard) - 1), animate=False)
        if self.choosing and self.screen.is_current and not self._table.has_focus:
            self._table.focus()

    def _cell(self, heard: Heard, column: str) -> str:
        marks = self._terminal.marks
        chosen = marks.done if heard.address in self._chosen else ""
        return {
            "worn": f"[{chosen:{len(marks.done)}}]" if not heard.problem else f" {marks.fault}",
            "name": heard.name,
            "placement": wording.place(heard.placement),
            "lid": text(f"terminal.lid_{heard.lid}"),
            "signal": heard.signal,
            "battery": heard.battery,
            "owner": heard.owner or text("terminal.unknown_owner"),
        }[column]

    def _draw_problem(self) -> None:
        heard = self._current()
        wrong = heard.problem if heard and heard.problem else ""
        if self.choosing and self.finding.heard and not wrong:
            wrong = wrong_choice(self.worn)
        severity = FAULT if self._insisted else WARNING
        self._problem.show(f"{wording.sign(severity, self._terminal.marks)} {wrong}" if wrong else "", severity)

    def _current(self) -> Heard | None:
        at = self._table.cursor_row
        return self.finding.heard[at] if 0 <= at < len(self.finding.heard) else None

    def on_data_table_row_highlighted(self) -> None:
        """Another node is looked at."""
        self._insisted = False
        self._draw_problem()

    def on_data_table_row_selected(self) -> None:
        """Enter: begin."""
        self.begin()

    def action_wear(self) -> None:
        """Wear the node, or leave it out."""
        heard = self._current()
        if heard and self.choosing and not heard.problem:
            self._chosen ^= {heard.address}
            self._insisted = False
            self.draw(0.0)

    def action_blink(self) -> None:
        """Have the node blink."""
        heard = self._current()
        if heard:
            self._tell(Command("identify", 0, {"address": heard.address}))

    def action_setup(self, key: str) -> None:
        """Name the node, and say where it is worn."""
        heard = self._current()
        if heard is None:
            return
        places = tuple((each, wording.place(each)) for each in PLACEMENTS)
        lids = tuple((each, text(f"terminal.lid_{each}")) for each in LID_SIDES)
        fields = (
            Field("name", text("terminal.node_name"), heard.name),
            Field("placement", text("terminal.node_placement"), heard.placement, places),
            Field("lid", text("terminal.node_lid"), heard.lid, lids),
        )
        form = Form(self._terminal, text("terminal.node_title", name=heard.name), fields, _wrong_name, begin=key)
        self.app.push_screen(form, lambda values: self._set_up(heard, values))

    def _set_up(self, heard: Heard, values: Values | None) -> None:
        if values is not None:
            self._tell(Command("setup", 0, {"address": heard.address, **values}))

    def begin(self) -> None:
        """Ask who wears the chosen nodes, then begin."""
        if not self.choosing:
            return
        worn = self.worn
        self._insisted = bool(wrong_choice(worn))
        if self._insisted:
            self._draw_problem()
            return
        owner = next((each.owner for each in worn if each.owner), "")
        form = Form(
            self._terminal,
            text("terminal.begin_title", count=len(worn)),
            (Field("athlete", text("terminal.athlete"), owner),),
            wrong_code,
            more=", ".join(f"{each.name} ({wording.place(each.placement)})" for each in worn),
        )
        self.app.push_screen(form, lambda values: self._wear(worn, values))

    def _wear(self, worn: tuple[Heard, ...], values: Values | None) -> None:
        if values is not None:
            addresses = tuple(each.address for each in worn)
            self._tell(Command("wear", 0, {"athlete": values["athlete"], "addresses": addresses}))


def _wrong_name(values: Values) -> str:
    label = text("terminal.node_name")
    if not values["name"]:
        return text("terminal.empty", label=label)
    return "" if in_bytes(values["name"], MAX_NAME) else text("terminal.long_name", label=label, limit=MAX_NAME)
