"""From fetched bytes to frames without the heap: every driver, with and without fusion; prints one JSON line.

micropython sampler_heap.py DRIVER FUSION(0|1)
"""

import json
import sys

import made_bytes
import micropython
import wire
from made_imu import World

from ring import Ring
from sampler import Sampler

POLLS = 12
WAITING = 31


def locked(work):
    """`work` with the heap locked: whoever allocates raises MemoryError."""
    micropython.heap_lock()
    try:
        return work()
    finally:
        micropython.heap_unlock()


def main():
    imu = made_bytes.imu(sys.argv[1])
    imu.waiting = lambda: WAITING
    fusion = None
    if sys.argv[2] == "1":
        from fusion import Fusion

        fusion = Fusion(imu.acc_code, imu.gyr_code, imu.DEFAULT_HZ)
    world = World()
    ring = Ring(40)
    sampler = Sampler(imu, ring, world, fusion)
    sampler.start(imu.DEFAULT_HZ, wire.SAMPLES)
    sampler.begin_zero()
    came = 0
    sampler._care = POLLS + 1  # reading the temperature may use the heap
    for _ in range(POLLS):
        world.now_us += WAITING * 1000000 // imu.DEFAULT_HZ
        came += locked(sampler.poll)
    try:
        locked(lambda: bytearray(100))
        is_locked = False
    except MemoryError:
        is_locked = True
    frame, _ = wire.decode(bytes(ring.frame(0)))
    errors = sampler.counters["bus_errors"]
    print(json.dumps({"came": came, "errors": errors, "frames": ring.next, "is_locked": is_locked}))
    print(json.dumps(list(frame.payload[20:32])))  # the second sample


main()
