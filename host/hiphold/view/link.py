"""The session as the window knows it: it runs elsewhere, and nothing here waits for it."""

from __future__ import annotations

from typing import Protocol

from hiphold.session.scene import Command, Message


class Link(Protocol):
    """The session's end of the window."""

    @property
    def alive(self) -> bool:
        """False once all is closed and written."""

    def tell(self, command: Command) -> None:
        """Ask something of the session."""

    def drain(self) -> list[Message]:
        """What it said since the last call, in order."""
