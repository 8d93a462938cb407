"""Settings files cut off, flipped and forged in every way: micropython settings_damage.py FOLDER

Prints how many damaged files were tried, and fails on the first that is taken for good or raises.
"""

import binascii
import os
import struct
import sys


class Machine:
    """What settings.py needs of the board."""

    @staticmethod
    def unique_id():
        return b"\x01\x02\x03\x04\xbe\xef"


sys.modules["machine"] = Machine
import wire

import settings

FOLDER = sys.argv[1]
PATHS = [FOLDER + "/" + slot for slot in settings.SLOTS]
CALIBRATION = wire.Calibration((0.5, -0.25, 0.125), (1.0, 2.0, 3.0), tuple(float(i) for i in range(9)))


def put(path, data):
    with open(path, "wb") as file:
        file.write(data)


def get(path):
    with open(path, "rb") as file:
        return file.read()


def named(name):
    it = settings.Settings()
    it.name, it.placement, it.lid, it.rate_hz, it.mode, it.boot = name, "shank_left", "back", 240, wire.ORIENTATION, 7
    it.calibration = CALIBRATION
    return it


def fields(it):
    return it.name, it.placement, it.lid, it.rate_hz, it.mode, it.boot, it.calibration


def damaged(data):
    for size in range(len(data)):
        yield data[:size]
    yield data + b"\0"
    for at in range(len(data)):
        for bit in range(8):
            yield data[:at] + bytes((data[at] ^ 1 << bit,)) + data[at + 1 :]
    for _ in range(200):
        yield os.urandom(len(data))


def forged(data):
    """Files with a right CRC and one wrong value each."""
    body = struct.calcsize(settings._HEAD)
    size_of_name = struct.calcsize("<BBBBHB15f")
    changes = {
        0: b"NOPE",  # magic
        4: bytes((settings.FORMAT + 1,)),  # a newer format
        body + 1: bytes((len(wire.PLACEMENTS),)),
        body + 2: bytes((len(wire.LID_SIDES),)),
        body + 3: b"\3",  # mode
        body + 7: struct.pack("<f", float("nan")),
        body + 11: struct.pack("<f", 2e6),
        body + size_of_name: bytes((wire.MAX_NAME + 1,)),
        body + size_of_name + 1: b"\xc0\xaf",  # no UTF-8
    }
    empty = body + size_of_name, b"\0"
    for at, value in tuple(changes.items()) + (empty,):  # noqa: RUF005 (not on MicroPython)
        made = data[:at] + value + data[at + len(value) : -4]
        yield made + struct.pack("<I", binascii.crc32(made))


def no_file_is_the_factory():
    it, lost = settings.load(FOLDER)
    assert (lost, it.name, it.calibration) == (False, "hiphold-beef", None)


def damage_leaves_the_other_file():
    settings.save(named("first"), FOLDER)
    settings.save(named("naïve 2"), FOLDER)
    whole = [get(path) for path in PATHS]
    assert fields(settings.load(FOLDER)[0]) == fields(named("naïve 2"))
    tried = 0
    for slot in range(2):
        other = ("naïve 2", "first")[slot]
        for data in list(damaged(whole[slot])) + list(forged(whole[slot])):
            put(PATHS[slot], data)
            it, lost = settings.load(FOLDER)
            assert (lost, fields(it)) == (False, fields(named(other))), (slot, tried)
            tried += 1
        settings.save(named("third"), FOLDER)  # goes into the damaged file, whichever that is
        assert settings.load(FOLDER)[0].name == "third"
        assert get(PATHS[1 - slot]) == whole[1 - slot]
        put(PATHS[slot], whole[slot])
    return tried


def both_lost_is_told_until_something_is_set():
    for path in PATHS:
        put(path, b"")
    for start in range(1, 4):
        it, lost = settings.next_boot(FOLDER)
        assert (lost, it.name, it.boot) == (True, "hiphold-beef", start)
    it.placement = "pelvis"
    settings.save(it, FOLDER)
    it, lost = settings.next_boot(FOLDER)
    assert (lost, it.placement, it.boot) == (False, "pelvis", 4)


def the_boot_number_counts_and_wraps():
    settings.save(named("n"), FOLDER)
    boots = [settings.next_boot(FOLDER)[0].boot for _ in range(300)]
    assert boots == [(7 + i) % 256 for i in range(1, 301)]
    assert settings.load(FOLDER)[0].boot == boots[-1]
    assert fields(settings.load(FOLDER)[0])[:5] == fields(named("n"))[:5]


def flash_that_fails():
    """The node starts all the same, and not with the same number again and again."""

    def refuse(path, mode):
        if mode == "wb":
            raise OSError(28)
        return open(path, mode)

    settings.open = refuse
    assert len({settings.next_boot(FOLDER)[0].boot for _ in range(40)}) > 1
    try:
        settings.save(named("n"), FOLDER)
        raise AssertionError("a failed save went unnoticed")
    except OSError:
        del settings.open


def refused_before_it_is_written():
    before = [get(path) for path in PATHS]
    for change in ({"name": ""}, {"name": "x" * 25}, {"mode": 3}, {"placement": "ear"}, {"lid": "up"}):
        it = named("n")
        for key, value in change.items():
            setattr(it, key, value)
        try:
            settings.save(it, FOLDER)
            raise AssertionError(change)
        except ValueError:
            pass
    assert [get(path) for path in PATHS] == before


no_file_is_the_factory()
print(damage_leaves_the_other_file())
both_lost_is_told_until_something_is_set()
the_boot_number_counts_and_wraps()
flash_that_fails()
refused_before_it_is_written()
