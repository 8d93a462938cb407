"""Registers and tables of the MPU-6050. RM is RM-MPU-6000A-00 r4.2; PS is PS-MPU-6000A."""

from types import MappingProxyType

# RM chapter 4: its sections are headed by these numbers (in decimal) and names, in this order.
SELF_TEST_X = 0x0D  # XA_TEST[4:2], XG_TEST
SELF_TEST_A = 0x10  # XA_TEST[1:0], YA_TEST[1:0], ZA_TEST[1:0]
SMPLRT_DIV = 0x19  # sample rate = gyroscope rate / (1 + this)
CONFIG = 0x1A  # DLPF_CFG; FSYNC is not modelled
GYRO_CONFIG = 0x1B  # XG_ST, YG_ST, ZG_ST, FS_SEL
ACCEL_CONFIG = 0x1C  # XA_ST, YA_ST, ZA_ST, AFS_SEL; ACCEL_HPF in r3.2 only
MOT_THR = 0x1F  # motion threshold
MOT_DUR = 0x20  # samples over it; in r3.2 only
FIFO_EN = 0x23  # TEMP, XG, YG, ZG, ACCEL
INT_PIN_CFG = 0x37  # INT_LEVEL, INT_OPEN, LATCH_INT_EN, INT_RD_CLEAR
INT_ENABLE = 0x38  # MOT_EN, FIFO_OFLOW_EN, DATA_RDY_EN
INT_STATUS = 0x3A  # the same bits; reading clears
ACCEL_XOUT_H = 0x3B  # x y z, high byte first
TEMP_OUT_H = 0x41  # 340 counts per degree, 0 at 36.53 degrees
GYRO_XOUT_H = 0x43  # x y z
SIGNAL_PATH_RESET = 0x68  # GYRO_RESET, ACCEL_RESET, TEMP_RESET
MOT_DETECT_CTRL = 0x69  # kept; the delay and the decrement are not modelled
USER_CTRL = 0x6A  # FIFO_EN, FIFO_RESET, SIG_COND_RESET
PWR_MGMT_1 = 0x6B  # DEVICE_RESET, SLEEP, CYCLE, TEMP_DIS, CLKSEL
PWR_MGMT_2 = 0x6C  # LP_WAKE_CTRL, STBY_XA ... STBY_ZG
FIFO_COUNT_H = 0x72  # bytes; reading takes both
FIFO_COUNT_L = 0x73  # low byte of what was taken
FIFO_R_W = 0x74  # one byte of the FIFO
WHO_AM_I = 0x75  # 0x68

MAP = MappingProxyType(
    {
        SMPLRT_DIV: (0x00, 0xFF),
        CONFIG: (0x00, 0x07),
        GYRO_CONFIG: (0x00, 0xF8),
        ACCEL_CONFIG: (0x00, 0xFF),
        MOT_THR: (0x00, 0xFF),
        MOT_DUR: (0x00, 0xFF),
        FIFO_EN: (0x00, 0xF8),
        INT_PIN_CFG: (0x00, 0xF0),
        INT_ENABLE: (0x00, 0x51),
        SIGNAL_PATH_RESET: (0x00, 0x07),
        MOT_DETECT_CTRL: (0x00, 0x3F),
        USER_CTRL: (0x00, 0x45),
        PWR_MGMT_1: (0x40, 0xEF),
        PWR_MGMT_2: (0x00, 0xFF),
        FIFO_R_W: (0x00, 0xFF),
    }
)
"""value after reset, bits that can be written; other bits are reserved or not modelled"""

GYR_COUNTS_PER_DPS = (131.0, 65.5, 32.8, 16.4)  # GYRO_CONFIG FS_SEL; PS 6.1
ACC_COUNTS_PER_G = (16384.0, 8192.0, 4096.0, 2048.0)  # ACCEL_CONFIG AFS_SEL; PS 6.2
ACC_BANDWIDTH_HZ = (260.0, 184.0, 94.0, 44.0, 21.0, 10.0, 5.0)  # CONFIG DLPF_CFG; 7 is reserved
GYR_BANDWIDTH_HZ = (256.0, 188.0, 98.0, 42.0, 20.0, 10.0, 5.0)
WAKE_RATES_HZ = (1.25, 5.0, 20.0, 40.0)  # PWR_MGMT_2 LP_WAKE_CTRL
HIGH_PASS_HZ = {1: 5.0, 2: 2.5, 3: 1.25, 4: 0.63}  # ACCEL_HPF; 0: the output is zero, 7: hold
MOTION_MG = 32.0  # per count of MOT_THR: PS 6.2, "intelligence function increment"
FIFO_BYTES = 1024  # PS 7.17
RESET_S = 0.050  # PS 6.3: registers answer 20 ms (typical) to 100 ms (longest) after the start
GYR_START_S, GYR_START_DPS = 0.030, 20.0  # PS 6.1: within 1 dps of its value after 30 ms; begins this far off
PULSE_S = 50e-6  # INT_PIN_CFG: length of an interrupt that is not latched
MOTION, OVERFLOW, DATA_READY = 0x40, 0x10, 0x01  # INT_ENABLE and INT_STATUS
