"""One node: its name, where it is worn, and which way its lid faces."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from hiphold.formats.imported import DEFAULT_LID
from hiphold.session.scene import Heard
from hiphold.session.texts import text
from hiphold.view.body_picture import BodyPicture
from hiphold.view.one_of import choose_none, grouped
from hiphold.view.sheet import give, label, named
from hiphold.view.theme import scaled
from hiphold.wire import LID_SIDES, MAX_NAME


class PlacingPanel(QWidget):
    """Names one node and says where it is worn."""

    blink = Signal(str)
    """address"""
    put = Signal(str, str, str, str)
    """address, name, placement, lid"""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("placing")
        self._address, self._busy = "", False
        self.title = label("placing_title", "heading", text("finding_view.none_chosen"))
        self.blink_button = named(QPushButton(text("finding_view.blink")), "blink")
        self.blink_button.setAccessibleDescription(text("finding_view.blink_why"))
        self.blink_button.setToolTip(text("finding_view.blink_why"))
        self.blink_button.clicked.connect(lambda: self.blink.emit(self._address))
        self.body = BodyPicture()
        self.body.chosen.connect(self._face_outward)
        self.name = named(QLineEdit(), "node_name")
        self.name.setAccessibleName(text("finding_view.name"))
        self.name.setMaxLength(MAX_NAME)
        self.lids = {side: named(QToolButton(), f"lid_{side}") for side in LID_SIDES}
        self.set_button = named(QPushButton(text("finding_view.set")), "set")
        self.set_button.setAccessibleDescription(text("finding_view.set_why"))
        self.set_button.clicked.connect(self._put)
        self.said = label("placing_said", "warning")
        self._lay_out()
        self.name.textChanged.connect(self._judge)
        self._lid_group.buttonClicked.connect(self._judge)
        self.show_node(None, False)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.blink_button)
        behind = label("behind", "faint", text("finding_view.behind"))
        behind.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(scaled(8))
        rows.addLayout(head)
        rows.addWidget(self.body, 1)
        rows.addWidget(behind)
        rows.addLayout(self._fields())
        rows.addWidget(self.said)

    def _fields(self) -> QGridLayout:
        fields = QGridLayout()
        fields.setHorizontalSpacing(scaled(12))
        fields.setVerticalSpacing(scaled(8))
        fields.addWidget(label("lid_label", "faint", text("finding_view.lid")), 0, 0)
        fields.addLayout(self._lids(), 0, 1, 1, 2)
        fields.addWidget(label("name_label", "faint", text("finding_view.name")), 1, 0)
        fields.addWidget(self.name, 1, 1)
        fields.addWidget(self.set_button, 1, 2)
        fields.setColumnStretch(1, 1)
        return fields

    def _lids(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(scaled(6))
        self._lid_group = grouped(self.lids.values(), QButtonGroup(self))
        for side, button in self.lids.items():
            button.setText(text(f"finding_view.lid_{side}"))
            button.setAccessibleName(f"{text('finding_view.lid')}: {button.text()}")
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            give(button, "side")
            row.addWidget(button)
        return row

    def show_node(self, node: Heard | None, busy: bool) -> None:
        """Show this node; what is being edited of the same one stays. `busy`: something is being done to a node."""
        address = node.address if node else ""
        if node and address != self._address:
            self.name.setText(node.name)
            self.body.choose(node.placement)
            self._choose_lid(node.lid)
        self._address = address
        self.title.setText(node.name if node else text("finding_view.none_chosen"))
        for widget in (self.body, self.name, *self.lids.values()):
            widget.setEnabled(node is not None)
        self.blink_button.setEnabled(node is not None and not busy)
        self._busy = busy
        self._judge()

    def show_worn(self, worn: dict[str, str]) -> None:
        """Say at each place which node is there: placement -> name."""
        for placement, button in self.body.places.items():
            button.show_worn(worn.get(placement, ""))

    def _choose_lid(self, lid: str) -> None:
        if lid in self.lids:
            self.lids[lid].setChecked(True)
        else:
            choose_none(self._lid_group)

    def _face_outward(self, placement: str) -> None:
        self._choose_lid(DEFAULT_LID[placement])
        self._judge()

    def _judge(self) -> None:
        """Say why the name cannot be, and let `set` be pressed only when all is known."""
        long = len(self.name.text().strip().encode()) > MAX_NAME
        self.said.setText(text("finding_view.name_long", most=MAX_NAME) if long else "")
        self.said.setVisible(long)
        known = bool(self._address and self.name.text().strip() and self.body.placement() and self.lid())
        self.set_button.setEnabled(known and not long and not self._busy)

    def lid(self) -> str:
        """Where the lid faces, of wire.LID_SIDES; empty when nothing is chosen."""
        return next((side for side, button in self.lids.items() if button.isChecked()), "")

    def _put(self) -> None:
        self.put.emit(self._address, self.name.text().strip(), self.body.placement(), self.lid())
