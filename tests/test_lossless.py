"""Nothing is lost that could be had: real nodes, a bad radio, the product's own recording."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from hiphold import timeline
from rig import clock
from rig.backend import Faults
from rig.rig import Rig
from rig_sessions import Outcome, holes, record, wear

pytestmark = pytest.mark.usefixtures("micropython")
PLACEMENTS = ("pelvis", "thigh_right", "thigh_left", "trunk")


def assert_whole(outcome: Outcome, rate_hz: float, seconds: float) -> None:
    """No sample of any node is missing, and there are as many as the chip took in that time."""
    for data in timeline.assemble(outcome.frames):
        assert (data.lost, data.gaps) == (0, ()), data.node
        assert holes(outcome.frames, data.node) == []
        span_s = float(data.block.time_s[-1] - data.block.time_s[0])
        assert span_s > seconds - 5  # nodes are connected to one by one
        assert len(data.block) == pytest.approx(span_s * rate_hz + 1, abs=0.02 * rate_hz + 2)
        node = outcome.nodes[data.node]
        assert (node.dialogue.missing, node.dialogue.lost) == (0, 0)
        assert node.dialogue.arrivals.samples == len(data.block)


@pytest.mark.parametrize(
    ("nodes", "rate_hz", "loss", "seconds"), [(4, 120, 0.05, 60.0), (2, 240, 0.20, 60.0)], ids=["four", "double rate"]
)
def test_packet_loss_costs_no_sample(tmp_path: Path, nodes: int, rate_hz: int, loss: float, seconds: float) -> None:
    async def session() -> Outcome:
        async with Rig(seed=3, loss=loss) as rig:
            await wear(rig, PLACEMENTS[:nodes], rate_hz=rate_hz)
            return await record(rig, tmp_path / "session.mcap", seconds)

    assert_whole(clock.run(session()), rate_hz, seconds)


def test_a_blackout_of_ten_seconds_costs_a_connection_and_no_sample(tmp_path: Path) -> None:
    async def blackout(rig: Rig, began_s: float) -> None:
        rig.blackout(10.0, "thigh_right", began_s + 12.0)

    async def session() -> Outcome:
        async with Rig(seed=4, loss=0.02) as rig:
            await wear(rig, PLACEMENTS[:2])
            return await record(rig, tmp_path / "session.mcap", 40.0, blackout)

    outcome = clock.run(session())
    assert_whole(outcome, 120, 40.0)
    assert outcome.nodes["thigh_right"].dialogue.link_losses == 1
    assert outcome.nodes["pelvis"].dialogue.link_losses == 0


def test_beyond_the_ring_exactly_the_lost_samples_are_counted_and_the_rest_is_whole(tmp_path: Path) -> None:
    async def blackout(rig: Rig, began_s: float) -> None:
        rig.blackout(35.0, "thigh_right", began_s + 8.0)

    async def session() -> Outcome:
        async with Rig(seed=5, loss=0.02) as rig:
            await wear(rig, PLACEMENTS[:2])
            return await record(rig, tmp_path / "session.mcap", 65.0, blackout)

    outcome = clock.run(session())
    thigh = next(data for data in timeline.assemble(outcome.frames) if data.node == "thigh_right")
    ((_, lost),) = holes(outcome.frames, "thigh_right")
    assert thigh.lost == outcome.nodes["thigh_right"].dialogue.lost == lost
    ((start_s, end_s),) = thigh.gaps
    assert lost == round((end_s - start_s) / thigh.period_s) - 1  # as the clock tells too
    ring = outcome.nodes["thigh_right"].dialogue.info
    assert ring
    out_of_reach_s = 35.0 + 8.0  # the blackout, and at most so much to notice and to come back
    assert 35.0 * 120 - ring.ring_samples - 240 < lost < out_of_reach_s * 120 - ring.ring_samples + 240
    assert outcome.counts("pelvis")[1] == 0


def test_what_the_air_damages_or_doubles_costs_no_sample(tmp_path: Path) -> None:
    async def session() -> Outcome:
        async with Rig(seed=3, loss=0.02, faults=Faults(corrupt=0.02, duplicate=0.05)) as rig:
            await wear(rig, PLACEMENTS[:2])
            return await record(rig, tmp_path / "session.mcap", 40.0)

    outcome = clock.run(session())
    spoilt = [node.dialogue.malformed + node.dialogue.arrivals.strange for node in outcome.nodes.values()]
    assert sum(spoilt) > 0
    for data in timeline.assemble(outcome.frames):
        assert (data.lost, data.gaps) == (0, ())


def test_a_node_that_starts_anew_goes_on_in_the_same_recording_at_the_right_time(tmp_path: Path) -> None:
    """Killed at 15 s, back 3 s later: marked as a restart, and what it sends then lies where it belongs."""

    async def kill(rig: Rig, began_s: float) -> None:
        await asyncio.sleep(began_s + 15.0 - rig.now_s)
        rig.nodes["thigh_right"].kill()
        await asyncio.sleep(3.0)
        await rig.nodes["thigh_right"].start()

    async def session() -> Outcome:
        async with Rig(seed=7, loss=0.02) as rig:
            await wear(rig, PLACEMENTS[:2])
            return await record(rig, tmp_path / "session.mcap", 40.0, kill)

    outcome = clock.run(session())
    pelvis, thigh = sorted(timeline.assemble(outcome.frames), key=lambda data: data.placement)
    assert any("restarted 1 times" in warning for warning in thigh.warnings)
    ((off_s, on_s),) = thigh.gaps
    assert 11.0 < off_s < 15.0  # the recording's zero is the first sample, after the scan and the first connection
    assert 3.0 < on_s - off_s < 6.0
    assert thigh.block.time_s[-1] == pytest.approx(pelvis.block.time_s[-1], abs=0.3)
    assert (np.diff(thigh.block.time_s) >= 0).all()
    assert pelvis.lost == 0


def test_strangers_are_not_seen(tmp_path: Path) -> None:
    async def session() -> Outcome:
        async with Rig(seed=8) as rig:
            await rig.stranger("Watch")
            await rig.stranger("hiphold-0000", data=b"\xff\xff\x01\x10\x00\x00\xff\x00")  # our number, not our service
            await wear(rig, PLACEMENTS[:1])
            return await record(rig, tmp_path / "session.mcap", 3.0)

    assert list(clock.run(session()).nodes) == ["pelvis"]
