"""The node's protocol: every byte that crosses the radio or the cable, and nothing else.

One file for both ends. The host imports it; the node gets the same file, unchanged, so it keeps to
what MicroPython has: struct, binascii, namedtuple.

Rule 1: bytes are untrusted. Every decoder gives a value, or None for "need more", or raises WireError.
Rule 2: little endian; times in whole microseconds, periods in nanoseconds, samples in raw counts.
Rule 3: raw stays raw. Scales are named by a code, calibration travels beside the data.

A message starts with one byte, kind << 4 | VERSION. A radio packet is one or more whole messages end
to end. On the cable each packet is followed by its CRC-32, COBS coded, and closed by a zero byte.
`docs/reference/wire.md` shows the layout as tables.
"""

import binascii
import struct
from collections import namedtuple

VERSION = 1

# GATT: one service of our own; battery (0x180F) and device information (0x180A) are the standard ones.
SERVICE_UUID = "b5c9a3e0-6c1f-4f4e-9d0a-7e1c52d84a10"
FRAMES_UUID = "b5c9a3e1-6c1f-4f4e-9d0a-7e1c52d84a10"  # notify: messages from the node
CONTROL_UUID = "b5c9a3e2-6c1f-4f4e-9d0a-7e1c52d84a10"  # write: one command
STATUS_UUID = "b5c9a3e3-6c1f-4f4e-9d0a-7e1c52d84a10"  # read: the INFO message

# Advertisement: flags, SERVICE_UUID, and manufacturer data under the number that Bluetooth's Assigned Numbers keeps
# for tests. Others use that number too: a node is known by the service, and by the length of what follows.
COMPANY_ID = 0xFFFF
STREAMING = 1  # bit of Advert.state: a host is receiving
NO_PERCENT = 255  # Advert.battery_percent where there is no battery

# Message kinds.
SAMPLES = 1  # raw counts and the node's orientation
ORIENTATION = 2  # the node's orientation only (low-power mode)
IMPORTED = 3  # float64 samples with their own stamps; never sent by a node
INFO = 4  # who this node is and how it is worn
CALIBRATION = 5  # what the host shall apply to the raw counts
TIME = 6  # answer to a clock exchange
REPLY = 7  # answer to any other command
COUNTERS = 8  # answer to GET_COUNTERS: what has gone wrong so far, and how much was done

# Flags of SAMPLES and ORIENTATION.
CLIPPED = 1  # at least one reading of this frame stands at the end of its range
OVERRUN = 2  # the chip's FIFO was full: samples before this frame were lost in the node
GAP = 4  # the node itself could not take samples just before this frame
RESENT = 8  # sent again on request

# Flags of IMPORTED: which columns there are, and whose zero the stamps count from.
HAS_RAW = 1  # acc_mps2 x y z, gyr_radps x y z
HAS_QUATERNION = 2  # w x y z, earth from sensor
DEVICE_CLOCK = 4  # stamps count from the device's own start; results count from the earliest sample

# Placements and lid sides are sent as their index; what they mean is in docs/reference/conventions.md.
PLACEMENTS = ("pelvis", "thigh_left", "thigh_right", "shank_left", "shank_right", "trunk")
LID_SIDES = ("front", "back", "left", "right")
CHIPS = ("imported", "lsm6dsv16x", "mpu6050", "icm42688p", "x-imu3")

# Sensitivities, named by index. Accelerometer in g per count, gyroscope in degrees per second per count.
# 0-3: LSM6DSV16X, DS13510 table 3, LA_So at +-2/4/8/16 g.
# 4-7: MPU-6050 PS-MPU-6000A section 6.2 and ICM-42688-P DS-000347 section 3.2, at +-2/4/8/16 g.
ACC_G_PER_COUNT = (61e-6, 122e-6, 244e-6, 488e-6, 1 / 16384, 1 / 8192, 1 / 4096, 1 / 2048)
# 0-5: LSM6DSV16X, DS13510 table 3, G_So at +-125/250/500/1000/2000/4000 dps.
# 6-9: MPU-6050 PS-MPU-6000A section 6.1 and ICM-42688-P DS-000347 section 3.1, at +-250/500/1000/2000 dps.
GYR_DPS_PER_COUNT = (4.375e-3, 8.75e-3, 17.5e-3, 35e-3, 70e-3, 140e-3, 1 / 131, 1 / 65.5, 1 / 32.8, 1 / 16.4)

# Bits of `faults`, from bit 0.
FAULTS = ("no_imu", "bus_error", "low_battery", "settings_lost", "self_test_failed", "watchdog_reset")
NO_IMU, BUS_ERROR, LOW_BATTERY, SETTINGS_LOST, SELF_TEST_FAILED, WATCHDOG_RESET = 1, 2, 4, 8, 16, 32

# What COUNTERS holds, in this order, each since the start; a newer node may send more. A host ignores those.
COUNTER_NAMES = (
    "samples",  # taken
    "overruns",  # times the chip's FIFO was full
    "lost",  # samples the FIFO lost, by the clock
    "bus_errors",  # reads or writes of the chip that failed
    "clipped",  # samples with a reading at the end of its range
    "frames_sent",
    "frames_resent",
    "frames_lost",  # frames overwritten before they could be sent
    "retries",  # notifications that found no buffer and were sent again
    "connections",
    "bad_commands",  # refused: unknown, malformed, out of range
    "dropped_commands",  # came faster than they could be answered
    "noise",  # packets on the cable that were none
    "settings_writes",
    "heap_free",  # bytes, now
)

QUATERNION_ONE = 32767  # counts of a quaternion component of 1; four zeros mean "no orientation"

# Bounds. One link-layer packet carries 244 bytes at an ATT MTU of 247: a header and eleven samples.
MAX_SAMPLES = 11
MAX_IMPORTED = 512
MAX_NAME = 24
MAX_COUNTERS = 32
MAX_MESSAGE = 8 + MAX_IMPORTED * 11 * 8
MAX_CABLE = 2048  # a packet on the cable, coded, with its closing zero; more bytes without a zero are noise

_FRAME = "<BBBBIQIBBh"  # head, flags, count, boot, seq, node_us, period_ns, acc code, gyr code, temperature
_IMPORTED = "<BBHI"  # head, flags, count, seq
_INFO = "<BBBBBBBBHHHHB"  # head, boot, placement, lid, chip, firmware x3, faults, battery mV, rate, ring, name length
_CALIBRATION = "<B3x15f"  # head; gyroscope zero, accelerometer offset, accelerometer matrix by rows
_TIME = "<BBHIQQQ"  # head, boot, 0, token, host_us, node_rx_us, node_tx_us
_REPLY = "<BBBB"  # head, opcode, status, 0
_COUNTERS = "<BBBB"  # head, boot, count, 0; then count u32
_ADVERT = "<BBHBB"  # version, placement | lid << 4, faults, battery percent, state

# UTF-8: what may follow these bytes, so that no overlong form, no surrogate and nothing beyond U+10FFFF passes
# (RFC 3629 section 4). That other bytes are led and followed as they must be is checked on every runtime.
_SECOND_BYTE = {
    0xC0: (1, 0),  # nothing
    0xC1: (1, 0),
    0xE0: (0xA0, 0xBF),
    0xED: (0x80, 0x9F),
    0xF0: (0x90, 0xBF),
    0xF4: (0x80, 0x8F),
    0xF5: (1, 0),
    0xF6: (1, 0),
    0xF7: (1, 0),
}

FRAME_SIZE = struct.calcsize(_FRAME)
SAMPLE_SIZE = 20  # acc 3 x int16, gyr 3 x int16, quaternion 4 x int16
ORIENTATION_SIZE = 8  # quaternion 4 x int16

# Commands: opcode -> format of what follows it. A name (text) follows SET_NAME.
START, STOP, GET_TIME, RESEND, GET_INFO, SET_RATE, SET_MODE = 1, 2, 3, 4, 5, 6, 7
SET_PLACEMENT, SET_LID, SET_NAME, IDENTIFY, ZERO_GYRO, SET_CALIBRATION, RESET = 8, 9, 10, 11, 12, 13, 14
GET_COUNTERS = 15
COMMANDS = {
    START: "<",
    STOP: "<",
    GET_TIME: "<IQ",  # token, host_us: both come back in TIME
    RESEND: "<BIH",  # boot, first sequence number, number of samples
    GET_INFO: "<",
    SET_RATE: "<H",  # Hz
    SET_MODE: "<B",  # SAMPLES or ORIENTATION
    SET_PLACEMENT: "<B",
    SET_LID: "<B",
    SET_NAME: "<",
    IDENTIFY: "<",
    ZERO_GYRO: "<",
    SET_CALIBRATION: "<15f",
    RESET: "<",
    GET_COUNTERS: "<",
}
# Status in REPLY.
OK, UNKNOWN_COMMAND, BAD_ARGUMENT, BUSY, FAULT = 0, 1, 2, 3, 4


class WireError(ValueError):
    """These bytes are not of this protocol; the text says what is wrong."""


# What one frame of samples says. `seq` numbers samples, not frames, since the node's start; `boot` changes
# at every start; `node_us` is when the first sample was taken, by the node's clock; `payload` holds `count`
# samples in counts, int16: acc x y z, gyr x y z, quaternion w x y z (ORIENTATION: the quaternion only).
Samples = namedtuple(
    "Samples",
    (
        "kind",
        "flags",
        "count",
        "boot",
        "seq",
        "node_us",
        "period_ns",
        "acc_code",
        "gyr_code",
        "temperature_cdegc",
        "payload",
    ),
)
# Rows of float64: time_s, then what the flags name. `seq` is the row number of the first.
Imported = namedtuple("Imported", ("flags", "count", "seq", "payload"))
# `rate_hz` 0: not set by the sender. `faults`: bits of FAULTS, 0: none. `battery_mv` 0: no battery.
Info = namedtuple(
    "Info",
    ("boot", "placement", "lid", "chip", "firmware", "faults", "battery_mv", "rate_hz", "ring_samples", "name"),
)
# true = matrix @ (measured - offset) for the accelerometer (m/s2); true = measured - zero for the gyroscope (rad/s).
Calibration = namedtuple("Calibration", ("gyr_zero_radps", "acc_offset_mps2", "acc_matrix"))
Time = namedtuple("Time", ("boot", "token", "host_us", "node_rx_us", "node_tx_us"))
Reply = namedtuple("Reply", ("opcode", "status"))
Counters = namedtuple("Counters", ("boot", "values"))  # values in the order of COUNTER_NAMES
Advert = namedtuple("Advert", ("version", "placement", "lid", "faults", "battery_percent", "state"))
Command = namedtuple("Command", ("opcode", "args"))


def _need(condition: bool, message: str) -> None:
    if not condition:
        raise WireError(message)


def _head(kind: int) -> int:
    return kind << 4 | VERSION


def _name_bytes(name: str) -> bytes:
    """A name as sent: UTF-8, cut after the last whole character that fits."""
    while len(name.encode()) > MAX_NAME:
        name = name[:-1]
    return name.encode()


def _name(data: bytes) -> str:
    """A name as received. MicroPython checks less of UTF-8 than a host does, so the rest is checked here."""
    for at in range(len(data) - 1):
        low, high = _SECOND_BYTE.get(data[at], (0, 255))
        _need(low <= data[at + 1] <= high, "the name is not UTF-8")
    try:
        return data.decode()
    except UnicodeError:
        raise WireError("the name is not UTF-8")


def _payload_size(kind: int, count: int, period_ns: int, acc_code: int, gyr_code: int) -> int:
    """Bytes that follow the header of a frame, after checking the header."""
    if not 0 < count <= MAX_SAMPLES:  # written out, because every frame passes here
        raise WireError("a frame of %d samples; 1 to %d are allowed" % (count, MAX_SAMPLES))
    if acc_code >= len(ACC_G_PER_COUNT) or gyr_code >= len(GYR_DPS_PER_COUNT):
        raise WireError("unknown full-scale code")
    if period_ns == 0:
        raise WireError("a sample period of zero")
    return count * (SAMPLE_SIZE if kind == SAMPLES else ORIENTATION_SIZE)


def _rows_size(flags: int, count: int) -> int:
    """Bytes that follow the header of imported rows, after checking the header."""
    _need(0 < count <= MAX_IMPORTED, "a message of %d rows; 1 to %d are allowed" % (count, MAX_IMPORTED))
    _need(flags & (HAS_RAW | HAS_QUATERNION) != 0 and flags < 8, "unknown columns")
    return count * imported_columns(flags) * 8


def _check_calibration(values: "tuple[float, ...]") -> None:
    sensible = len(values) == 15 and all(-1e6 < value < 1e6 for value in values)
    _need(sensible, "a calibration value that is not a sensible number")


def encode_samples(samples: Samples) -> bytes:
    """One frame as sent. Raises WireError for a header that no decoder takes, and when count and payload disagree."""
    _need(samples.kind in (SAMPLES, ORIENTATION), "not a kind of frame")
    size = _payload_size(samples.kind, samples.count, samples.period_ns, samples.acc_code, samples.gyr_code)
    _need(len(samples.payload) == size, "payload length does not match the sample count")
    header: bytes = struct.pack(
        _FRAME,
        _head(samples.kind),
        samples.flags,
        samples.count,
        samples.boot,
        samples.seq,
        samples.node_us,
        samples.period_ns,
        samples.acc_code,
        samples.gyr_code,
        samples.temperature_cdegc,
    )
    return header + bytes(samples.payload)


def imported_columns(flags: int) -> int:
    """Columns of float64 in a row of an IMPORTED message with these flags."""
    return 1 + (6 if flags & HAS_RAW else 0) + (4 if flags & HAS_QUATERNION else 0)


def encode_imported(imported: Imported) -> bytes:
    """One message of imported rows. Raises WireError when count, flags and payload disagree."""
    size = _rows_size(imported.flags, imported.count)
    _need(len(imported.payload) == size, "payload length does not match the row count")
    header: bytes = struct.pack(_IMPORTED, _head(IMPORTED), imported.flags, imported.count, imported.seq)
    return header + bytes(imported.payload)


def encode_info(info: Info) -> bytes:
    """Who a node is: placement, lid side and chip by name (ValueError for another), firmware as three numbers.

    A name longer than MAX_NAME bytes is cut after a whole character.
    """
    name = _name_bytes(info.name)
    major, minor, patch = info.firmware
    return (
        struct.pack(
            _INFO,
            _head(INFO),
            info.boot,
            PLACEMENTS.index(info.placement),
            LID_SIDES.index(info.lid),
            CHIPS.index(info.chip),
            major,
            minor,
            patch,
            info.faults,
            info.battery_mv,
            info.rate_hz,
            info.ring_samples,
            len(name),
        )
        + name
    )


def encode_calibration(calibration: Calibration) -> bytes:
    """Three tuples of float: 3, 3 and 9 (rows of the matrix). Raises WireError for numbers that no decoder takes."""
    values = tuple(calibration.gyr_zero_radps) + tuple(calibration.acc_offset_mps2) + tuple(calibration.acc_matrix)
    _check_calibration(values)
    return struct.pack(_CALIBRATION, _head(CALIBRATION), *values)


def encode_time(time: Time) -> bytes:
    """The node's answer to GET_TIME: what the host sent, and when it came in and went out."""
    return struct.pack(_TIME, _head(TIME), time.boot, 0, time.token, time.host_us, time.node_rx_us, time.node_tx_us)


def encode_reply(reply: Reply) -> bytes:
    """The node's answer to a command that has no answer of its own."""
    return struct.pack(_REPLY, _head(REPLY), reply.opcode, reply.status, 0)


def encode_counters(counters: Counters) -> bytes:
    """What the node has counted; WireError for more than MAX_COUNTERS values."""
    size = len(counters.values)
    _need(size <= MAX_COUNTERS, "too many counters")
    return struct.pack("%s%dI" % (_COUNTERS, size), _head(COUNTERS), counters.boot, size, 0, *counters.values)


def encode_advert(advert: Advert) -> bytes:
    """The manufacturer data of an advertisement, after the company number. Placement and lid by name (ValueError)."""
    where = PLACEMENTS.index(advert.placement) | LID_SIDES.index(advert.lid) << 4
    return struct.pack(_ADVERT, advert.version, where, advert.faults, advert.battery_percent, advert.state)


def decode_advert(data: bytes) -> Advert:
    """What a node says of itself before anyone connects. Raises WireError for bytes that no node sends.

    Another version is no error: its number is all that is certain then, and what a host needs to say what to update.
    """
    _need(len(data) > 0, "an empty advertisement")
    if data[0] != VERSION:
        return Advert(data[0], PLACEMENTS[0], LID_SIDES[0], 0, NO_PERCENT, 0)
    _need(len(data) == struct.calcsize(_ADVERT), "an advertisement of wrong length")
    version, where, faults, percent, state = struct.unpack(_ADVERT, data)
    placement, lid = where & 15, where >> 4
    _need(placement < len(PLACEMENTS) and lid < len(LID_SIDES), "unknown placement or lid")
    _need(percent <= 100 or percent == NO_PERCENT, "a battery of %d percent" % percent)
    return Advert(version, PLACEMENTS[placement], LID_SIDES[lid], faults, percent, state)


def _decode_samples(data: bytes, at: int) -> "tuple[Samples, int] | None":
    if len(data) - at < FRAME_SIZE:
        return None
    head, flags, count, boot, seq, node_us, period_ns, acc, gyr, temperature = struct.unpack_from(_FRAME, data, at)
    kind = head >> 4
    end = at + FRAME_SIZE + _payload_size(kind, count, period_ns, acc, gyr)
    if len(data) < end:
        return None
    payload = bytes(data[at + FRAME_SIZE : end])
    return Samples(kind, flags, count, boot, seq, node_us, period_ns, acc, gyr, temperature, payload), end


def _decode_imported(data: bytes, at: int) -> "tuple[Imported, int] | None":
    start = at + struct.calcsize(_IMPORTED)
    if len(data) < start:
        return None
    _, flags, count, seq = struct.unpack_from(_IMPORTED, data, at)
    end = start + _rows_size(flags, count)
    if len(data) < end:
        return None
    return Imported(flags, count, seq, bytes(data[start:end])), end


def _decode_info(data: bytes, at: int) -> "tuple[Info, int] | None":
    start = at + struct.calcsize(_INFO)
    if len(data) < start:
        return None
    fields = struct.unpack_from(_INFO, data, at)
    _, boot, placement, lid, chip, major, minor, patch, faults, battery_mv, rate_hz, ring, size = fields
    _need(placement < len(PLACEMENTS) and lid < len(LID_SIDES) and chip < len(CHIPS), "unknown placement, lid or chip")
    _need(size <= MAX_NAME, "a name of %d bytes; at most %d are allowed" % (size, MAX_NAME))
    end = start + size
    if len(data) < end:
        return None
    name = _name(bytes(data[start:end]))
    firmware = (major, minor, patch)
    where = PLACEMENTS[placement], LID_SIDES[lid], CHIPS[chip]
    return Info(boot, where[0], where[1], where[2], firmware, faults, battery_mv, rate_hz, ring, name), end


def _decode_calibration(data: bytes, at: int) -> "tuple[Calibration, int] | None":
    end = at + struct.calcsize(_CALIBRATION)
    if len(data) < end:
        return None
    values = struct.unpack_from(_CALIBRATION, data, at)[1:]
    _check_calibration(values)
    return Calibration(values[:3], values[3:6], values[6:]), end


def _decode_time(data: bytes, at: int) -> "tuple[Time, int] | None":
    end = at + struct.calcsize(_TIME)
    if len(data) < end:
        return None
    _, boot, _, token, host_us, node_rx_us, node_tx_us = struct.unpack_from(_TIME, data, at)
    return Time(boot, token, host_us, node_rx_us, node_tx_us), end


def _decode_reply(data: bytes, at: int) -> "tuple[Reply, int] | None":
    end = at + struct.calcsize(_REPLY)
    if len(data) < end:
        return None
    _, opcode, status, _ = struct.unpack_from(_REPLY, data, at)
    return Reply(opcode, status), end


def _decode_counters(data: bytes, at: int) -> "tuple[Counters, int] | None":
    start = at + struct.calcsize(_COUNTERS)
    if len(data) < start:
        return None
    _, boot, size, _ = struct.unpack_from(_COUNTERS, data, at)
    _need(size <= MAX_COUNTERS, "a message of %d counters; at most %d are allowed" % (size, MAX_COUNTERS))
    end = start + 4 * size
    if len(data) < end:
        return None
    return Counters(boot, struct.unpack_from("<%dI" % size, data, start)), end


_DECODERS = {
    SAMPLES: _decode_samples,
    ORIENTATION: _decode_samples,
    IMPORTED: _decode_imported,
    INFO: _decode_info,
    CALIBRATION: _decode_calibration,
    TIME: _decode_time,
    REPLY: _decode_reply,
    COUNTERS: _decode_counters,
}


def decode(data: bytes, at: int = 0) -> "tuple[object, int] | None":
    """The message that starts at `at`, and where it ends: (message, end).

    None when the bytes stop before the message does. Raises WireError for anything else.
    """
    if at >= len(data):
        return None
    kind, version = data[at] >> 4, data[at] & 15
    if version != VERSION:
        raise WireError("protocol version %d, this side speaks %d: update the older one" % (version, VERSION))
    if kind not in _DECODERS:
        raise WireError("unknown message kind %d" % kind)
    return _DECODERS[kind](data, at)


def messages(packet: bytes) -> "list[object]":
    """All messages of one packet, in order. Raises WireError when one is broken or the last is cut short."""
    found, at = [], 0
    while at < len(packet):
        step = decode(packet, at)
        if step is None:
            raise WireError("the packet ends inside a message")
        message, at = step
        found.append(message)
    return found


def encode_command(opcode: int, *args: float, name: str = "") -> bytes:
    """A command as written to the control characteristic. `name` belongs to SET_NAME, cut as in encode_info.

    Raises WireError for what decode_command would refuse; on CPython struct.error for an argument that does not fit.
    """
    _need(opcode in COMMANDS, "unknown command %d" % opcode)
    data = bytes((opcode,)) + struct.pack(COMMANDS[opcode], *args) + _name_bytes(name)
    decode_command(data)
    return data


def decode_command(data: bytes) -> Command:
    """A written command as Command(opcode, args), checked in full. Raises WireError."""
    _need(len(data) > 0, "an empty command")
    opcode = data[0]
    _need(opcode in COMMANDS, "unknown command %d" % opcode)
    body = bytes(data[1:])
    if opcode == SET_NAME:
        _need(0 < len(body) <= MAX_NAME, "a name of %d bytes; 1 to %d are allowed" % (len(body), MAX_NAME))
        return Command(opcode, (_name(body),))
    _need(len(body) == struct.calcsize(COMMANDS[opcode]), "command %d of wrong length" % opcode)
    args = struct.unpack(COMMANDS[opcode], body)
    bounds = {SET_PLACEMENT: len(PLACEMENTS), SET_LID: len(LID_SIDES)}
    _need(opcode not in bounds or args[0] < bounds[opcode], "no such placement or lid side")
    _need(opcode != SET_MODE or args[0] in (SAMPLES, ORIENTATION), "no such mode")
    if opcode == SET_CALIBRATION:
        _check_calibration(args)
    return Command(opcode, args)


def cobs_encode(data: bytes) -> bytes:
    """Consistent Overhead Byte Stuffing without the closing zero (Cheshire and Baker 1999, doi 10.1109/90.769765)."""
    out = bytearray()
    for part in bytes(data).split(b"\0"):
        while len(part) >= 254:
            out.append(255)
            out += part[:254]
            part = part[254:]
        out.append(len(part) + 1)
        out += part
    ends_full = not part and len(data) > 0 and data[-1] != 0  # a full block at the end: no empty one follows
    return bytes(out[:-1] if ends_full else out)


def cobs_decode(data: bytes) -> bytes:
    """The inverse of cobs_encode. Raises WireError when a length points past the end or a zero is inside."""
    _need(b"\0" not in bytes(data), "broken COBS coding")
    out, at = bytearray(), 0
    while at < len(data):
        code = data[at]
        end = at + code
        _need(end <= len(data), "broken COBS coding")
        out += data[at + 1 : end]
        at = end
        if code < 255 and at < len(data):
            out.append(0)
    return bytes(out)


def cable_encode(packet: bytes) -> bytes:
    """A packet as it goes over the cable: COBS(packet, CRC-32 little endian), then a zero.

    Raises WireError for what cable_take would refuse: an empty packet, or one beyond MAX_CABLE once coded.
    """
    _need(len(packet) > 0, "an empty packet")
    coded = cobs_encode(bytes(packet) + struct.pack("<I", binascii.crc32(packet) & 0xFFFFFFFF)) + b"\0"
    _need(len(coded) <= MAX_CABLE, "a cable packet longer than %d bytes" % MAX_CABLE)
    return coded


def cable_take(buffer: bytearray) -> "bytes | None":
    """Take the next packet off the front of a bytearray of received bytes.

    None: no whole packet yet. Raises WireError for noise, which is then gone from the buffer, so that calling
    again finds the next packet. At most MAX_CABLE bytes are kept waiting for a closing zero; once that many have
    come, all up to the zero is noise, in whatever pieces it arrives.
    """
    end = buffer.find(b"\0")
    if end < 0:
        if len(buffer) <= MAX_CABLE:
            return None
        buffer[:] = buffer[:MAX_CABLE]
        raise WireError("noise on the cable: no packet end in %d bytes" % MAX_CABLE)
    coded = bytes(buffer[:end])
    buffer[:] = buffer[end + 1 :]
    _need(len(coded) < MAX_CABLE, "a cable packet longer than %d bytes" % MAX_CABLE)
    body = cobs_decode(coded)
    _need(len(body) > 4, "a cable packet too short for its CRC")
    packet, crc = body[:-4], struct.unpack("<I", body[-4:])[0]
    _need(binascii.crc32(packet) & 0xFFFFFFFF == crc, "a cable packet with a wrong CRC")
    return packet
