"""Memory that a node takes, as one JSON object, in bytes: once main.py has loaded its modules, and when it runs.

config.py, main.py and the compiled modules are in the current folder. Nothing answers on the bus: the
chip's driver is loaded and made, but not started. The baseline holds asyncio, which is part of MicroPython.
"""

import asyncio
import gc
import json
import sys

BUILT_IN = ("array", "binascii", "errno", "math", "os", "select", "struct")  # whose names cost nothing on a board
RUN_MS = 2500  # two of the loop that runs once a second


class Part:
    """Any Pin, I2C, ADC, PWM or WDT."""

    IN = OUT = PULL_DOWN = ATTN_11DB = 0

    def __init__(self, *_, **__):
        pass

    def value(self, *_):
        return 0

    def read_uv(self):
        return 1900000

    def feed(self):
        pass

    def readfrom_mem(self, *_):
        raise OSError(19)

    readfrom_mem_into = writeto_mem = readfrom_mem


class Machine:
    """Stands for machine."""

    Pin = I2C = ADC = PWM = WDT = Part
    PWRON_RESET, WDT_RESET, DEEPSLEEP_RESET = 1, 3, 4
    unique_id = staticmethod(lambda: b"\x01\x02\x03\x04\xbe\xef")
    reset_cause = staticmethod(lambda: 1)


class Bluetooth:
    """Stands for bluetooth, and for its BLE."""

    FLAG_READ, FLAG_WRITE_NO_RESPONSE, FLAG_WRITE, FLAG_NOTIFY = 2, 4, 8, 16
    UUID = staticmethod(lambda value: value)

    def active(self, *_):
        return True

    def config(self, *_, **__):
        return 0, b"\x01\x02\x03\x04\xbe\xef"

    def gatts_register_services(self, services):
        return tuple(tuple(range(len(service[1]))) for service in services)

    def nothing(self, *_, **__):
        pass

    irq = gatts_set_buffer = gatts_write = gap_advertise = nothing


Bluetooth.BLE = Bluetooth


def taken():
    gc.collect()
    return gc.mem_alloc()


async def nothing():
    await asyncio.sleep_ms(1)


async def measure(node):
    task = asyncio.create_task(node)
    await asyncio.sleep_ms(RUN_MS)
    assert not task.done()
    found["running"] = taken() - before
    print(json.dumps(found))
    sys.exit()


def start(node):
    found["modules"] = taken() - before
    run(measure(node))


sys.modules["machine"], sys.modules["bluetooth"], sys.modules["esp32"] = Machine, Bluetooth, Machine
for name in BUILT_IN:
    __import__(name)
asyncio.run(nothing())
for name in ("StreamReader", "gather"):  # loaded at first use
    getattr(asyncio, name)
found, before = {}, taken()
run, asyncio.run = asyncio.run, start
__import__("main")
