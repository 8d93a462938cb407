"""How buttons, fields and texts of the window look: one style sheet, made from the theme and the size in use.

A widget says by its property `role` what it is: title, subtitle, heading, step, faint, warning, fault, value, card,
bar, side or primary.
"""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from hiphold.view.theme import current, scaled

W = TypeVar("W", bound=QWidget)

_SHEET = """
QLabel {{ background: transparent; }}
QLabel[role="title"] {{ font-size: {title}px; font-weight: bold; }}
QLabel[role="subtitle"] {{ font-size: {subtitle}px; font-weight: bold; }}
QLabel[role="heading"] {{ font-size: {heading}px; font-weight: bold; }}
QLabel[role="step"] {{ color: {accent}; font-weight: bold; }}
QLabel[role="value"] {{ font-size: {value}px; font-weight: bold; }}
QLabel[role="faint"] {{ color: {faint}; }}
QLabel[role="warning"] {{ color: {warning}; font-weight: bold; }}
QLabel[role="fault"] {{ color: {fault}; font-weight: bold; }}
QFrame[role="card"] {{ background: {panel}; border: 1px solid {line}; border-radius: {round}px; }}
QWidget[role="bar"] {{ background: {panel}; }}

QPushButton, QToolButton[role="side"] {{
    background: {panel}; color: {text}; border: {rim}px solid {line}; border-radius: {small}px;
    padding: {pad}px {wide}px;
}}
QPushButton:hover, QToolButton[role="side"]:hover {{ border-color: {faint}; }}
QPushButton:pressed {{ background: {line}; }}
QPushButton:disabled {{ color: {faint}; background: {background}; }}
QPushButton[role="primary"] {{
    background: {accent}; color: {background}; border-color: {accent}; font-weight: bold;
}}
QPushButton[role="primary"]:hover {{ border-color: {text}; }}
QPushButton[role="primary"]:disabled {{ background: {line}; color: {faint}; border-color: {line}; }}
QPushButton:focus, QToolButton[role="side"]:focus {{ border-color: {accent}; }}
QPushButton[role="primary"]:focus {{ border-color: {text}; }}
QToolButton[role="side"]:checked {{ background: {accent}; color: {background}; font-weight: bold; }}
QToolButton[role="side"]:checked:focus {{ border-color: {text}; }}

QLineEdit, QSpinBox, QDoubleSpinBox {{
    background: {background}; color: {text}; border: {rim}px solid {line}; border-radius: {small}px;
    padding: {pad}px; selection-background-color: {accent}; selection-color: {background};
}}
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus {{ border-color: {accent}; }}
QLineEdit:read-only {{ color: {faint}; }}

QListWidget, QTableWidget {{
    background: {panel}; border: {rim}px solid {line}; border-radius: {round}px; outline: none;
    gridline-color: {line};
}}
QListWidget:focus, QTableWidget:focus {{ border-color: {accent}; }}
QTableWidget::item {{ padding: {thin}px; border-bottom: 1px solid {line}; }}
QTableWidget::item:selected {{ background: {line}; color: {text}; }}
QHeaderView {{ background: transparent; }}
QHeaderView::section {{
    background: {panel}; color: {faint}; border: none; border-bottom: {rim}px solid {line}; padding: {thin}px;
}}
QTableCornerButton::section {{ background: {panel}; border: none; }}
QScrollArea {{ background: transparent; border: none; }}
QScrollArea:focus {{ border: {rim}px solid {accent}; border-radius: {small}px; }}
QScrollBar:vertical {{ background: transparent; width: {bar}px; margin: 2px; }}
QScrollBar::handle:vertical {{ background: {line}; border-radius: {grip}px; min-height: {wide}px; }}
QScrollBar::add-line:vertical, QScrollBar::sub-line:vertical {{ height: 0; }}

QMenuBar {{ background: {panel}; color: {text}; border-bottom: 1px solid {line}; padding: 2px {pad}px; }}
QMenuBar::item {{ background: transparent; padding: {thin}px {pad}px; border-radius: {small}px; }}
QMenuBar::item:selected {{ background: {line}; }}
QMenu {{ background: {panel}; color: {text}; border: 1px solid {line}; padding: {thin}px; }}
QMenu::item {{ padding: {thin}px {wide}px; border-radius: {small}px; }}
QMenu::item:selected {{ background: {accent}; color: {background}; }}
QMenu::item:disabled {{ color: {faint}; }}
QMenu::separator {{ height: 1px; background: {line}; margin: {thin}px; }}
"""


def sheet() -> str:
    """The style sheet for the theme and the size in use now."""
    theme = current()
    sizes = {
        "title": 30, "subtitle": 21, "heading": 17, "value": 26, "round": 10, "small": 6, "rim": 2, "pad": 7,
        "wide": 16, "thin": 4, "bar": 14, "grip": 5,
    }  # fmt: skip
    colours = {name: getattr(theme, name) for name in ("panel", "line", "text", "faint", "accent", "background")}
    return _SHEET.format(
        **{name: scaled(pixels) for name, pixels in sizes.items()},
        **colours,
        warning=theme.warning,
        fault=theme.fault,
    )


def give(widget: QWidget, role: str) -> None:
    """Let a widget look like `role` from now on."""
    if widget.property("role") != role:
        widget.setProperty("role", role)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def named(widget: W, name: str) -> W:
    """The widget, with this object name."""
    widget.setObjectName(name)
    return widget


def label(name: str, role: str = "", text: str = "") -> QLabel:
    """A text that wraps, by object name."""
    found = QLabel(text)
    found.setObjectName(name)
    found.setTextFormat(Qt.TextFormat.PlainText)  # names are written by others
    found.setWordWrap(True)
    give(found, role)
    return found


def scrolling(inside: QWidget) -> QScrollArea:
    """A widget that can be scrolled where the window is too small for it."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setWidget(inside)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    for widget in (inside, area.viewport()):
        widget.setAutoFillBackground(False)
    return area


class SideBySide(QWidget):
    """Parts beside each other, or below each other where it is narrower than so many pixels, scaled."""

    def __init__(self, narrow: int) -> None:
        super().__init__()
        self._narrow = narrow
        self._put: list[QWidget] = []
        self._parts = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._parts.setContentsMargins(0, 0, 0, 0)
        self._parts.setSpacing(scaled(14))

    def put(self, part: QWidget, stretch: int) -> None:
        """Put one more part behind the others."""
        self._parts.addWidget(part, stretch)
        self._put.append(part)

    def minimumSizeHint(self) -> QSize:
        """No wider than when they stand below each other."""
        return QSize(max(part.minimumSizeHint().width() for part in self._put), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Stand as the width allows."""
        super().resizeEvent(event)
        beside = self.width() >= scaled(self._narrow)
        way = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        if self._parts.direction() != way:
            self._parts.setDirection(way)


def card(name: str) -> tuple[QFrame, QVBoxLayout]:
    """A panel with an edge, and the column to put things into."""
    frame = named(QFrame(), name)
    give(frame, "card")
    column = QVBoxLayout(frame)
    column.setContentsMargins(*[scaled(14)] * 4)
    column.setSpacing(scaled(8))
    return frame, column
