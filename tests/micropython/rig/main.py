"""A small firmware for the tests of the rig: advertises, notifies counters, answers writes, reads the bus."""

# there is no pathlib

import asyncio
import errno
import struct
import time

import bluetooth
import machine

from config import BURST, LED, PERIOD_MS, WDT_MS

SERVICE = bluetooth.UUID("6f5a0001-7d2c-4f0b-9a11-00a1b2c3d4e5")
DATA = bluetooth.UUID("6f5a0002-7d2c-4f0b-9a11-00a1b2c3d4e5")
CONTROL = bluetooth.UUID("6f5a0003-7d2c-4f0b-9a11-00a1b2c3d4e5")
STATUS = bluetooth.UUID("6f5a0004-7d2c-4f0b-9a11-00a1b2c3d4e5")

ble = bluetooth.BLE()
led = machine.Pin(LED, machine.Pin.OUT)
mtus = {}
streaming = set()
refused = 0
hang = False
crash = False


def irq(event, data):
    global hang, crash
    if event == 1:
        mtus[data[0]] = 23
        advertise()
    elif event == 2:
        mtus.pop(data[0], None)
        streaming.discard(data[0])
        advertise()
    elif event == 21:
        mtus[data[0]] = data[1]
    elif event == 4 and data[1] == status:
        ble.gatts_write(status, struct.pack("<QHB", time.ticks_us(), refused, machine.reset_cause()))
    elif event == 3 and data[1] == control:
        command = ble.gatts_read(control)
        if command == b"start":
            streaming.add(data[0])
        elif command == b"stop":
            streaming.discard(data[0])
        elif command == b"hang":
            hang = True
        elif command == b"sleep":
            machine.deepsleep(2000)
        elif command == b"keep":
            with open("kept", "a") as file:
                file.write("x")
        elif command == b"crash":
            crash = True


def advertise():
    name = b"rig"
    ble.gap_advertise(
        100_000, b"\x02\x01\x06" + bytes((17, 7)) + bytes(SERVICE), resp_data=bytes((len(name) + 1, 9)) + name
    )


def chip_word():
    if not PERIOD_MS:
        return 0
    try:
        return struct.unpack("<I", machine.I2C(0).readfrom_mem(0x6A, 0, 4))[0]
    except OSError as error:
        return error.errno


async def stream():
    global refused
    number = 0
    waiting = []
    while not hang:
        for _ in range(BURST if len(waiting) < 50 else 0):
            waiting.append(struct.pack("<IIQ", number, chip_word(), time.ticks_us()) + bytes(228))
            number += 1
        led.value(number & 1)
        if not streaming:
            waiting = []
        while waiting:
            try:
                for connection in streaming:
                    ble.gatts_notify(connection, data, waiting[0])
            except OSError as error:
                if error.errno != errno.ENOMEM:
                    raise
                refused += 1
                break
            waiting.pop(0)
        if crash:
            raise ValueError("as told")
        await asyncio.sleep_ms(PERIOD_MS)
    while True:
        time.sleep_ms(100)


async def watch():
    wdt = machine.WDT(timeout=WDT_MS)
    while True:
        wdt.feed()
        await asyncio.sleep_ms(500)


async def main():
    global data, control, status
    ble.active(True)
    ble.config(mtu=256, gap_name="rig")
    ble.irq(irq)
    ((data, control, status),) = ble.gatts_register_services(
        (
            (
                SERVICE,
                (
                    (DATA, bluetooth.FLAG_NOTIFY),
                    (CONTROL, bluetooth.FLAG_WRITE | bluetooth.FLAG_READ),
                    (STATUS, bluetooth.FLAG_READ),
                ),
            ),
        )
    )
    advertise()
    if WDT_MS:
        await asyncio.gather(stream(), watch())
    await stream()


asyncio.run(main())
