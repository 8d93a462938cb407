"""What a node remembers while it is off: where it is worn, its name, how it samples, its calibration, its boot number.

Two files, `settings.a` and `settings.b`, written in turn: power may fail at any byte of a write, and the other file
still holds the settings before. A file counts only if its magic, format, length, CRC-32 and every value are right.

Flash wear: a sector of SPI NOR flash stands 100 000 erases. Even if every save erased the same one, 25 saves a day
would last ten years; littlefs, which MicroPython puts on an ESP32, spreads them, so hundreds a day are fine.
"""

import binascii
import os
import struct

import machine
import wire

import config

SLOTS = ("settings.a", "settings.b")
MAGIC = b"HIPH"
FORMAT = 1  # a file of another format is as good as none

_HEAD = "<4sBI"  # magic, format, generation: the higher one is the newer
_BODY = "<BBBBHB15fB24s"  # boot, placement, lid, mode, rate_hz, flags, calibration, bytes of name, name
_CRC = "<I"
_SIZE = struct.calcsize(_HEAD) + struct.calcsize(_BODY) + struct.calcsize(_CRC)
_CALIBRATED, _LOST = 1, 2  # flags


class Settings:
    """The settings in use. Made anew, they are the factory's.

    placement, lid, name: as in wire.Info. mode: wire.SAMPLES or wire.ORIENTATION. rate_hz 0: the chip's own default.
    boot: number of this start modulo 256. calibration: wire.Calibration, or None before there was one.
    """

    def __init__(self) -> None:
        self.placement = "thigh_right"
        self.lid = "right"
        name, digits = config.NAME, "-" + binascii.hexlify(machine.unique_id()[-2:]).decode()
        while len(name.encode()) + len(digits) > wire.MAX_NAME:  # a builder may write what could not be stored
            name = name[:-1]
        self.name = name + digits
        self.rate_hz = 0
        self.mode = wire.SAMPLES
        self.boot = 0
        self.calibration: wire.Calibration | None = None


def load(folder: str = "/") -> "tuple[Settings, bool]":
    """The newest valid settings, and whether settings were lost (fault SETTINGS_LOST).

    Lost: there were files, none valid, so that factory settings are in use; it stays True over restarts until the
    next `save`. Never raises for what the files hold.
    """
    newest, exist = _newest(folder)
    if newest is None:
        return Settings(), exist
    return newest[1], newest[2]


def save(settings: Settings, folder: str = "/") -> None:
    """Store settings in the older file. ValueError for what load would refuse, OSError when the flash fails."""
    _save(settings, folder, 0)


def next_boot(folder: str = "/") -> "tuple[Settings, bool]":
    """What `load` gives, with the boot number of this start, which is stored. Called once, at each start.

    Where it cannot be stored, a random number is better than the same one at every start.
    """
    settings, lost = load(folder)
    settings.boot = settings.boot + 1 & 255
    try:
        _save(settings, folder, _LOST if lost else 0)
    except OSError:
        settings.boot = os.urandom(1)[0]
    return settings, lost


def _save(settings: Settings, folder: str, flags: int) -> None:
    newest, _ = _newest(folder)
    generation, slot = (newest[0] + 1, 1 - newest[3]) if newest else (1, 0)
    data = _encode(settings, generation, flags)
    if _decode(data) is None:
        raise ValueError("these settings cannot be stored: a number or the name is out of range")
    with open(_path(folder, slot), "wb") as file:
        file.write(data)
        file.flush()
    if hasattr(os, "sync"):
        os.sync()


def _path(folder: str, slot: int) -> str:
    return folder.rstrip("/") + "/" + SLOTS[slot]


def _newest(folder: str) -> "tuple[tuple[int, Settings, bool, int] | None, bool]":
    """(generation, settings, lost, slot) of the newest valid file, or None; and whether there is any file."""
    newest, exist = None, False
    for slot in range(len(SLOTS)):
        try:
            with open(_path(folder, slot), "rb") as file:
                data = file.read(_SIZE + 1)
        except OSError:
            continue
        exist = True
        found = _decode(data)
        if found and (newest is None or found[0] > newest[0]):
            newest = found[0], found[1], found[2], slot
    return newest, exist


def _encode(settings: Settings, generation: int, flags: int) -> bytes:
    name = settings.name.encode()
    values = (0.0,) * 15
    if settings.calibration:
        zero, offset, matrix = settings.calibration
        values, flags = tuple(zero) + tuple(offset) + tuple(matrix), flags | _CALIBRATED
    data = struct.pack(_HEAD, MAGIC, FORMAT, generation) + struct.pack(
        _BODY,
        settings.boot,
        wire.PLACEMENTS.index(settings.placement),
        wire.LID_SIDES.index(settings.lid),
        settings.mode,
        settings.rate_hz,
        flags,
        *values,
        len(name),
        name,
    )
    return data + struct.pack(_CRC, binascii.crc32(data))


def _decode(data: bytes) -> "tuple[int, Settings, bool] | None":
    """(generation, settings, lost) of a file's bytes, or None where anything is wrong with them."""
    if len(data) != _SIZE or struct.unpack(_CRC, data[-4:])[0] != binascii.crc32(data[:-4]):
        return None
    magic, version, generation = struct.unpack_from(_HEAD, data)
    if magic != MAGIC or version != FORMAT:
        return None
    fields = struct.unpack_from(_BODY, data, struct.calcsize(_HEAD))
    boot, placement, lid, mode, rate_hz, flags = fields[:6]
    if fields[21] > wire.MAX_NAME:
        return None
    try:  # by the rules for commands, which are the only way in for these values
        wire.decode_command(bytes((wire.SET_MODE, mode)))
        wire.decode_command(bytes((wire.SET_PLACEMENT, placement)))
        wire.decode_command(bytes((wire.SET_LID, lid)))
        values = wire.decode_command(wire.encode_command(wire.SET_CALIBRATION, *fields[6:21])).args
        name = wire.decode_command(bytes((wire.SET_NAME,)) + fields[22][: fields[21]]).args[0]
    except wire.WireError:
        return None
    settings = Settings()
    settings.boot, settings.mode, settings.rate_hz, settings.name = boot, mode, rate_hz, name
    settings.placement, settings.lid = wire.PLACEMENTS[placement], wire.LID_SIDES[lid]
    if flags & _CALIBRATED:
        settings.calibration = wire.Calibration(values[:3], values[3:6], values[6:])
    return generation, settings, bool(flags & _LOST)
