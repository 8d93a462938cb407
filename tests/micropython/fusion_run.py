"""Orientation of recorded samples: micropython fusion_run.py ACC_CODE GYR_CODE PERIOD_NS ZERO_X ZERO_Y ZERO_Z IN OUT

IN, OUT: int16, 10 per sample as a driver gives them. ZERO: counts * 16. Nothing may be allocated on the way.
Prints the time of one sample in us, mean over all.
"""

import gc
import sys
import time
from array import array

import micropython

import fusion

acc_code, gyr_code, period_ns, *zero = [int(word) for word in sys.argv[1:7]]
node = fusion.Fusion(acc_code, gyr_code, 100)
node.set_period_ns(period_ns)
node.set_gyr_zero(*zero)
with open(sys.argv[7], "rb") as file:
    rows = array("h", file.read())
count = len(rows) // 10
taken_us = 0  # now, because a new name allocates


def locked():
    """All samples in one call, with the heap locked; us."""
    gc.collect()
    micropython.heap_lock()
    started = time.ticks_us()
    node.update(rows, count)
    taken = time.ticks_diff(time.ticks_us(), started)
    micropython.heap_unlock()
    return taken


taken_us = locked()
with open(sys.argv[8], "wb") as file:
    file.write(rows)
print(taken_us / max(1, count))
