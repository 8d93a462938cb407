"""The list of nodes in reach, and which of them are ticked as worn: by hand, or because they are the athlete's."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem

from hiphold.session.scene import Heard
from hiphold.session.texts import text
from hiphold.view.heard import HEARD, NodeRow, described
from hiphold.view.theme import scaled
from hiphold.view.tooltips import tip

CHECKED, UNCHECKED = Qt.CheckState.Checked, Qt.CheckState.Unchecked


class NodeList(QListWidget):
    """A row for each node."""

    ticked = Signal()
    """a node was ticked, or no longer, by hand"""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("heard")
        self.setAccessibleName(text("finding_view.heard"))
        self.setAccessibleDescription(text("finding_view.heard_keys"))
        self.setItemDelegate(NodeRow(self))
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight(scaled(200))
        self._by_hand: dict[str, bool] = {}
        self.itemChanged.connect(self._changed)
        self.itemDoubleClicked.connect(self.toggle)

    def show_heard(self, heard: Sequence[Heard], owner: str) -> None:
        """Bring the list to these, in place where they are the same; the owner's are ticked unless told otherwise."""
        self.blockSignals(True)
        if [node.address for node in heard] != [node.address for node in self._nodes()]:
            self._begin_anew(heard)
        for row, node in enumerate(heard):
            worn = self._by_hand.get(node.address, not node.problem and node.owner == owner)
            _show(self.item(row), node, worn)
        self.blockSignals(False)
        self.doItemsLayout()

    def _begin_anew(self, heard: Sequence[Heard]) -> None:
        at = self.chosen()
        self.clear()
        for _ in heard:
            self.addItem(QListWidgetItem())
        addresses = [node.address for node in heard]
        if heard:
            self.setCurrentRow(addresses.index(at.address) if at and at.address in addresses else 0)

    def _nodes(self) -> list[Heard]:
        return [self.item(row).data(HEARD) for row in range(self.count())]

    def chosen(self) -> Heard | None:
        """The node that is looked at."""
        row = self.currentRow()
        return self._nodes()[row] if row >= 0 else None

    def worn(self) -> list[Heard]:
        """The nodes that are to be worn."""
        rows = [self.item(row) for row in range(self.count())]
        return [item.data(HEARD) for item in rows if item.checkState() == CHECKED]

    def toggle(self, item: QListWidgetItem) -> None:
        """Tick it, or no longer."""
        item.setCheckState(UNCHECKED if item.checkState() == CHECKED else CHECKED)

    def _changed(self, item: QListWidgetItem) -> None:
        self._by_hand[item.data(HEARD).address] = item.checkState() == CHECKED
        self.ticked.emit()


def _show(item: QListWidgetItem, node: Heard, worn: bool) -> None:
    item.setData(HEARD, node)
    item.setText(described(node))
    item.setToolTip(tip(described(node)))
    item.setCheckState(CHECKED if worn else UNCHECKED)
