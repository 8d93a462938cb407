"""Runs the firmware that lies in the working directory as a board would: boot.py, then main.py, then wait for ever.

Before that it puts virtual time under asyncio: the poller waits for the rig's grants, tasks are ordered by its clock.
"""

# ruff: noqa: E402  # order matters, and there is no pathlib

import sys

import _rig
import stdio
import tasks

sys.modules["_asyncio"] = tasks

import asyncio

tasks.core = asyncio.core


TICK_US = 10000  # of FreeRTOS: where nothing wakes it, select.poll() on the ESP32 looks at the clock only there


class Poller:
    """What asyncio's IOQueue asks of select.poll(): streams are polled through their ioctl, time passes in the rig."""

    def __init__(self):
        self._streams = {}

    def register(self, stream, flags):
        self._streams[id(stream)] = (stream, flags)

    modify = register

    def unregister(self, stream):
        self._streams.pop(id(stream), None)

    def ipoll(self, ms=-1):
        ready = self._ready()
        if ready or ms == 0:
            _rig.spend(20)
            _rig.breathe()
            return ready
        until_us = _rig.FOREVER if ms < 0 else (_rig.now_us // 1000 + ms) * 1000
        tick_us = _rig.FOREVER if ms < 0 else -(-until_us // TICK_US) * TICK_US
        while not ready and _rig.now_us < until_us:  # what an interrupt does ends no wait, but through a stream
            _rig.wait(tick_us)
            ready = self._ready()
        return ready

    def _ready(self):
        asked = [(stream, stream.ioctl(3, flags)) for stream, flags in self._streams.values()]
        return [(stream, events) for stream, events in asked if events]


def run(name):
    """Run one file of the flash as a board does at power-on. False when there is none."""
    try:
        with open(name) as file:
            source = file.read()
    except OSError:
        return False
    exec(compile(source, name, "exec"), {"__name__": "__main__"})
    return True


def main():
    greeting = _rig.connect()
    import machine

    machine.booted(greeting)
    asyncio.core._io_queue.poller = Poller()
    stdio.install(sys.modules)
    try:
        run("boot.py")
        if not run("main.py"):
            __import__("main")
    except Exception as error:  # a board prints this and goes on to its prompt
        sys.modules["sys"].print_exception(error)
        _rig.send("Z")
    while True:
        _rig.wait(_rig.FOREVER)


main()
