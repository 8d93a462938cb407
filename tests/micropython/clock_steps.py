"""The node's clock over ticks that wrap: `micropython clock_steps.py STEP_US...` prints the time after each step."""

import sys

import clock


class Ticks:
    """Stands in for the module `time` of a 32-bit port, where ticks wrap at 2**30."""

    def __init__(self):
        self.now = 2**30 - 5

    def ticks_us(self):
        return self.now % 2**30


def times(steps):
    clock.time = ticks = Ticks()
    node = clock.Clock()
    out = []
    for step in steps:
        ticks.now += step
        out.append(node.now_us())
    return out


if __name__ == "__main__":
    print(*times(int(step) for step in sys.argv[1:]))
