"""Time per sample of the stages between FIFO and ring, as one JSON object, in us.

micropython sampler_speed.py DRIVER SECONDS_PER_STAGE
"""

import gc
import json
import sys
import time
from array import array

import made_bytes
import wire
from made_imu import World

from ring import Ring
from sampler import Sampler


def per_sample_us(work, samples, least_us):
    """Mean over as many calls as fill `least_us`; work(samples) takes `samples` samples."""
    work(samples)
    gc.collect()
    calls, started, taken_us = 0, time.ticks_us(), 0
    while taken_us < least_us:
        work(samples)
        calls += 1
        taken_us = time.ticks_diff(time.ticks_us(), started)
    return taken_us / calls / samples


def main():
    imu = made_bytes.imu(sys.argv[1])
    least_us = int(float(sys.argv[2]) * 1e6)
    fusion = None
    if not imu.FUSES:
        from fusion import Fusion

        fusion = Fusion(imu.acc_code, imu.gyr_code, imu.DEFAULT_HZ)
    ring = Ring(20)
    sampler = Sampler(imu, ring, World(), fusion)
    sampler.start(imu.DEFAULT_HZ, wire.SAMPLES)
    rows, base = array("h", bytes(20 * imu.MAX_FETCH)), array("I", (0, 0))
    stages = {
        "unpack": lambda count: imu.unpack(count, rows),
        "framing": lambda count: ring.append(rows, count, base, 0, sampler.period_ns),
        "all": sampler._digest,
    }
    if fusion:
        stages["fusion"] = lambda count: fusion.update(rows, count)
    print(json.dumps({name: per_sample_us(work, imu.MAX_FETCH, least_us) for name, work in stages.items()}))


main()
