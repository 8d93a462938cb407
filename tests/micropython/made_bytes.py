"""Drivers with `raw` as a bus would have filled it: MAX_FETCH samples, each reading a number of its own."""

import struct

HALF_ZERO, HALF_ONE = 0x0000, 0x3C00  # IEEE 754 binary16


def readings(sample):
    """Accelerometer and gyroscope of a node that lies still, nearly."""
    return [sample, -3 * sample, 8192 + sample, 5, -sample, 2 * sample]


def lsm6dsv16x(sample):
    """Three words of the FIFO: tag and three axes each (DS13510 table 218)."""
    acc, gyr = readings(sample)[:3], readings(sample)[3:]
    slot = (sample & 3) << 1
    rotation = struct.pack("<B3H", 0x13 << 3 | slot, HALF_ZERO, HALF_ZERO, HALF_ONE)
    return struct.pack("<B3h", 0x01 << 3 | slot, *gyr) + struct.pack("<B3h", 0x02 << 3 | slot, *acc) + rotation


def mpu6050(sample):
    return struct.pack(">6h", *readings(sample))


def icm42688p(sample):
    """Packet 3: header, six readings, temperature, time (DS-000347 section 6.1)."""
    return b"\x68" + mpu6050(sample) + struct.pack(">bH", 0, sample)


def imu(name):
    """The driver `imu_NAME` without a bus: it has just fetched MAX_FETCH samples, and will every time."""
    made = __import__("imu_" + name).Imu(None)
    made.start = made.fetch = lambda _: None
    made.temperature_cdegc = lambda: 2500
    sample = {"lsm6dsv16x": lsm6dsv16x, "mpu6050": mpu6050, "icm42688p": icm42688p}[name]
    made.raw[:] = b"".join([sample(i) for i in range(made.MAX_FETCH)])
    return made
