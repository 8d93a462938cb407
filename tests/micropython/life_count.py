"""The hold counted from a recording: micropython life_count.py ROWS TIMES ZERO_MS

ROWS: int16, 10 per sample as a driver gives them. TIMES: a line "count ms" per poll. ZERO_MS: when to zero, -1:
never. Nothing may be allocated on the way.
Prints as JSON: [[ms, event] ...], holds.
"""

import gc
import json
import sys
from array import array

import micropython

import count

MOST = 32
with open(sys.argv[1], "rb") as file:
    data = array("h", file.read())
with open(sys.argv[2]) as file:
    polls = [[int(word) for word in line.split()] for line in file]

counter = count.Counter()
zero_ms = int(sys.argv[3])
block = array("h", [0] * 10 * MOST)
events = array("i", [0] * (2 * len(polls)))


def run():
    """Feed everything; gives how many numbers of `events` are used."""
    at = used = last_ms = 0
    for taken, now_ms in polls:
        for i in range(10 * taken):
            block[i] = data[at + i]
        at += 10 * taken
        if last_ms < zero_ms <= now_ms:
            counter.zero()
        last_ms = now_ms
        event = counter.feed(block, taken, now_ms)
        if event:
            events[used] = now_ms
            events[used + 1] = event
            used += 2
    return used


used = 0  # now, because a new name allocates
gc.collect()
micropython.heap_lock()
used = run()
micropython.heap_unlock()
print(json.dumps([[[events[i], events[i + 1]] for i in range(0, used, 2)], counter.holds]))
