"""Colours and places of what the terminal shows, as textual's style sheet; hues as in the window."""

from __future__ import annotations

from textual.theme import Theme

COLOURS = Theme(
    "hiphold", primary="#56b4e9", accent="#56b4e9", success="#2bbf8f", warning="#e69f00", error="#ff7a3d",
    foreground="#f2f5f7", background="#101418", surface="#1b2228", panel="#1b2228",
    variables={"faint": "#a3b1bd", "line": "#4d5b68"},
)  # fmt: skip

CSS = """
Screen { background: $background; color: $foreground; }
#header { background: $surface; padding: 0 1; height: 1; }
#athletes { height: 1fr; }
#others { padding: 0 1; border-top: solid $line; }
#said { padding: 0 1; }
#keys { background: $surface; color: $faint; padding: 0 1; height: 1; }
AthletePanel.-after { border-left: solid $line; }
.caption { margin: 1 0 0 0; }
ModalScreen { align: center middle; background: $background 60%; }
.dialog { width: 66; max-width: 100%; height: auto; max-height: 100%; padding: 1 2; background: $surface;
          border: round $accent; }
#dialog_title, #saving { text-style: bold; }
.label { margin: 1 0 0 0; color: $faint; }
.field { width: 100%; height: 1; background: $background; padding: 0 1; }
.field:focus { background: $accent; color: $background; text-style: bold; }
.field:focus > .input--selection { background: $background; color: $foreground; }
.keys, Keys #dialog_keys, #wrong { margin: 1 0 0 0; }
.keys, #dialog_keys, #saving_more, #dialog_more { color: $faint; }
.-plain AthletePanel.-after { border-left: ascii $line; }
.-plain #others { border-top: ascii $line; }
.-plain .dialog { border: ascii $accent; }
.-plain * { scrollbar-size: 0 0; }
"""
