"""A session with the made-up chip, as JSON: every frame, and when its samples were really taken.

    micropython sampler_session.py RATE_HZ ERROR SECONDS SEED FAULTS

FAULTS: any of `drift`, `stalls` (flash writes of 80 ms), `overruns`, `bus`. CPython gives the same lines.
"""

import json
import struct
import sys

import wire
from made_imu import Imu, World

from ring import Ring
from sampler import Sampler

DRIFT_PER_S = 5e-6  # 0.3 % in the first minute: 20 degrees at 150 ppm per degree
STALL = 0.02  # of the polls
OVERRUN = 0.004
FIRST_OVERRUN_US = 10000000  # before that the period is not known well enough to count what is missing
BUS = 0.01  # that it fails for one to fifteen transactions


def session(rate_hz, error, seconds, seed, faults, out):
    world = World(seed)
    world.now_us = 2**32 - 20000000  # the low word of the time runs over on the way
    imu = Imu(world, error, DRIFT_PER_S if "drift" in faults else 0.0)
    ring = Ring(40)
    sampler = Sampler(imu, ring, world, boot=7)
    sampler.start(rate_hz, wire.SAMPLES)
    start_us = world.now_us
    sent = 0
    while world.now_us < start_us + seconds * 1e6:
        world.now_us += sampler.next_poll_ms() * 1000 + int(1500 * world.random() ** 4)
        if "stalls" in faults and world.random() < STALL:
            world.now_us += 80000
        if "overruns" in faults and world.now_us > start_us + FIRST_OVERRUN_US and world.random() < OVERRUN:
            world.now_us += int(imu.fifo * 1e6 / rate_hz * (1 + world.random()))
        if "bus" in faults and world.random() < BUS:
            imu.fails = 1 + int(15 * world.random())
        sampler.poll()
        if world.now_us >= start_us + seconds * 1e6:
            sampler.flush()
        while sent < ring.next:
            out(report(imu, ring.frame(sent)))
            sent += 1
    out({"counters": sampler.counters, "taken": len(imu.taken_us), "dropped": imu.dropped, "period": sampler.period_ns})


def report(imu, frame):
    """A frame beside the truth: the chip's numbers of its samples, and when they were taken."""
    samples, _ = wire.decode(bytes(frame))
    starts = range(0, len(samples.payload), wire.SAMPLE_SIZE)
    low_high = [struct.unpack_from("<hh", samples.payload, at) for at in starts]
    numbers = [low | high << 14 for low, high in low_high]
    return {
        "flags": samples.flags,
        "seq": samples.seq,
        "count": samples.count,
        "us": samples.node_us,
        "ns": samples.period_ns,
        "numbers": numbers,
        "true_us": [imu.taken_us[number] for number in numbers],
    }


def main():
    rate_hz, error, seconds, seed, faults = sys.argv[1:]
    session(int(rate_hz), float(error), float(seconds), int(seed), faults, lambda line: print(json.dumps(line)))


if __name__ == "__main__":
    main()
