"""A link by bleak that does not come about, played by a client that fails in its ways."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from bleak.backends.device import BLEDevice

from hiphold.receive.carrier import LinkError
from hiphold.sources import ble

DEVICE = BLEDevice("F0:00:00:00:00:01", "hip-1", None)


class Client:
    """Fails to connect in one way, and notes that it was given up."""

    def __init__(self, error: Exception | None) -> None:
        self.error, self.given_up = error, 0

    def __call__(self, *_: Any, **__: Any) -> Client:
        return self

    async def connect(self) -> None:
        if self.error:
            raise self.error
        await asyncio.sleep(3600)

    async def disconnect(self) -> None:
        self.given_up += 1


class Scanner:
    """Hears nobody."""

    async def __aenter__(self) -> Scanner:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def advertisement_data(self) -> Any:
        await asyncio.sleep(3600)
        yield


async def attempt(client: Client, times: int = 1) -> list[str]:
    """What is said of each attempt."""
    opener = ble.opener(DEVICE, "hip-1", asyncio.Lock(), client, lambda **_: Scanner())  # type: ignore[arg-type]
    said = []
    for _ in range(times):
        with pytest.raises(LinkError) as raised:
            async with opener(lambda *_: None, lambda: None):
                pass
        said.append(str(raised.value))
    return said


def test_whatever_a_backend_raises_is_a_sentence_and_the_attempt_is_taken_back() -> None:
    client = Client(AssertionError("no services"))
    (said,) = asyncio.run(attempt(client))
    assert said == "hip-1: AssertionError('no services')."
    assert client.given_up == 1


def test_a_node_that_is_gone_holds_the_adapter_for_a_short_time_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first attempt takes bleak's time; after it, it is listened for first."""
    monkeypatch.setattr(ble, "CONNECT_S", 0.2)
    monkeypatch.setattr(ble, "CONNECT_SLACK_S", 0.1)
    monkeypatch.setattr(ble, "FIND_S", 0.05)
    client = Client(None)
    said = asyncio.run(attempt(client, times=3))
    assert all("hip-1 does not answer" in each for each in said)
    assert client.given_up == 1  # no second attempt to connect to one that is not heard
