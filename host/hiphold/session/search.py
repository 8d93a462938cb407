"""Looking for nodes while a session runs or before it begins: who is in reach, and what is done to one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from hiphold.errors import HipholdError
from hiphold.session import nodes
from hiphold.session.nodes import Group, Radio
from hiphold.session.plan import Plan
from hiphold.session.preferences import Preferences
from hiphold.session.scene import FAULT, Finding, Heard, Message, Said
from hiphold.session.texts import text

if TYPE_CHECKING:
    from hiphold.receive.capture import Found

Job = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


class Search:
    """The nodes in reach, as far as they were heard."""

    def __init__(
        self,
        plan: Plan,
        preferences: Preferences,
        radio: Radio,
        post: Callable[[Message], None],
        worn: Callable[[], Collection[str]],
        begin: Callable[[Sequence[Group]], None],
        job: Job,
    ) -> None:
        """worn: addresses that the session has connected; begin: takes those who can; job: runs a coroutine."""
        self.adapter = asyncio.Lock()
        """whoever scans or connects holds it"""
        self._plan, self._preferences, self._radio, self._post = plan, preferences, radio, post
        self._worn, self._begin, self._job = worn, begin, job
        self._found: list[Found] = []
        self._looking: asyncio.Task[None] | None = None

    def heard(self) -> tuple[Heard, ...]:
        """All that were heard, for a screen."""
        return nodes.heard(self._found, self._preferences, set(self._worn()))

    def look(self, *, begin: bool) -> None:
        """Listen for nodes; begin: with those whose owner is known."""
        if self._looking is None or self._looking.done():
            self._looking = self._job(self._listen(begin=begin))

    async def _listen(self, *, begin: bool) -> None:
        self._tell("looking", text("finding.looking"))
        try:
            found = await nodes.look(self._plan, self._preferences, self._radio, lambda said: self._post(Said(said)))
        except HipholdError as error:
            self._tell("failed", str(error))
            return
        self._found = self._with_worn(found)
        if not self._found:
            self._post(Finding("failed", text("finding.none")))
            return
        begins = begin and not self._worn()  # nobody has chosen meanwhile
        groups = nodes.groups(found, self._plan, self._preferences) if begins else []
        self._begin(groups)
        if not groups:
            others = [each for each in found if not each.seen or each.seen.address not in self._worn()]
            self._tell("choose", text("finding.choose" if others else "finding.only_worn"))

    def _with_worn(self, found: list[Found]) -> list[Found]:
        """Nodes that are connected may be heard no more: they are kept on the list."""
        addresses = {each.seen.address for each in found if each.seen}
        worn = set(self._worn()) - addresses
        kept = [each for each in self._found if each.seen and each.seen.address in worn]
        return [*found, *kept]

    def _tell(self, state: str, said: str, busy: str = "") -> None:
        self._post(Finding(state, said, self.heard(), busy))

    def chosen(self, addresses: Collection[str]) -> tuple[Found, ...]:
        """The nodes with these addresses or ports. Raises HipholdError when none of them is in reach."""
        found = tuple(each for each in self._found if _address(each) in addresses)
        if not found:
            raise HipholdError(text("finding.gone"))
        return found

    def identify(self, address: str) -> None:
        """Have a node blink. Raises HipholdError when it is not in reach."""
        (found, *_) = self.chosen((address,))
        self._at(found, "identifying", nodes.identify(found, self._radio, self.adapter))

    def set_up(self, address: str, **said: str) -> None:
        """Name and place a node: name, placement, lid. Raises HipholdError when it is not in reach."""
        (found, *_) = self.chosen((address,))
        self._at(found, "setting_up", self._set_up(found, **said))

    async def _set_up(self, found: Found, **said: str) -> None:
        changed = await nodes.set_up(found, self._radio, self.adapter, **said)
        self._found = nodes.named([changed if each is found else each for each in self._found])

    def _at(self, found: Found, what: str, act: Coroutine[Any, Any, None]) -> None:
        async def job() -> None:
            self._tell("choose", text("finding.choose"), text(f"finding.{what}", name=found.name))
            try:
                await act
            except HipholdError as error:
                self._post(Said(str(error), FAULT))
            self._tell("choose", text("finding.choose"))

        self._job(job())


def _address(found: Found) -> str:
    return found.seen.address if found.seen else found.port
