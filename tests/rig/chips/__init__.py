"""Register-level models of the three IMUs, written from their datasheets and from nothing else."""

from rig.chips import icm42688p, lsm6dsv16x, mpu6050
from rig.chips.model import BusError, Chip, Flaws, MisuseError, Skin

__all__ = ["CHIPS", "BusError", "Chip", "Flaws", "MisuseError", "Skin"]

CHIPS: dict[str, type[Chip]] = {
    "lsm6dsv16x": lsm6dsv16x.Model,
    "mpu6050": mpu6050.Model,
    "icm42688p": icm42688p.Model,
}
"""by their names in hiphold.wire.CHIPS"""
