"""Registers and tables of the ICM-42688-P. DS-000347; sections of other chapters are named where they matter."""

from types import MappingProxyType

# DS-000347 chapter 14, user bank 0: its sections are headed by these names, in this order.
DEVICE_CONFIG = 0x11  # SOFT_RESET_CONFIG; then 1 ms without access
DRIVE_CONFIG = 0x13  # slew rates
INT_CONFIG = 0x14  # INT1_MODE (latched), INT1_DRIVE_CIRCUIT, INT1_POLARITY (high)
FIFO_CONFIG = 0x16  # FIFO_MODE: bypass, stream, stop on full
TEMP_DATA1 = 0x1D  # 132.48 counts per degree, 0 at 25 degrees
ACCEL_DATA_X1 = 0x1F  # x y z
GYRO_DATA_X1 = 0x25  # x y z
INT_STATUS = 0x2D  # RESET_DONE, DATA_RDY, FIFO_THS, FIFO_FULL; reading clears
FIFO_COUNTH = 0x2E  # reading takes both
FIFO_COUNTL = 0x2F  # the other byte of what was taken
FIFO_DATA = 0x30  # a burst stays here
INT_STATUS2 = 0x37  # WOM_Z, WOM_Y, WOM_X; reading clears
SIGNAL_PATH_RESET = 0x4B  # ABORT_AND_RESET, TMST_STROBE, FIFO_FLUSH
INTF_CONFIG0 = 0x4C  # FIFO_HOLD_LAST_DATA_EN, FIFO_COUNT_REC, FIFO_COUNT_ENDIAN, SENSOR_DATA_ENDIAN
INTF_CONFIG1 = 0x4D  # clock selection
PWR_MGMT0 = 0x4E  # TEMP_DIS, IDLE, GYRO_MODE, ACCEL_MODE; then 200 us without writing
GYRO_CONFIG0 = 0x4F  # GYRO_FS_SEL, GYRO_ODR
ACCEL_CONFIG0 = 0x50  # ACCEL_FS_SEL, ACCEL_ODR
GYRO_CONFIG1 = 0x51  # TEMP_FILT_BW, GYRO_UI_FILT_ORD
GYRO_ACCEL_CONFIG0 = 0x52  # ACCEL_UI_FILT_BW, GYRO_UI_FILT_BW
ACCEL_CONFIG1 = 0x53  # ACCEL_UI_FILT_ORD
TMST_CONFIG = 0x54  # TMST_RES, TMST_DELTA_EN, TMST_FSYNC_EN, TMST_EN
SMD_CONFIG = 0x57  # WOM_INT_MODE, WOM_MODE, SMD_MODE
FIFO_CONFIG1 = 0x5F  # RESUME_PARTIAL_RD, WM_GT_TH, TMST_FSYNC, TEMP, GYRO, ACCEL; 20 bits not modelled
FIFO_CONFIG2 = 0x60  # watermark, low byte
FIFO_CONFIG3 = 0x61  # watermark, high bits
FSYNC_CONFIG = 0x62  # kept; there is no such signal
INT_CONFIG0 = 0x63  # other ways to clear are not modelled
INT_CONFIG1 = 0x64  # INT_ASYNC_RESET: to be set to 0
INT_SOURCE0 = 0x65  # what goes to the pin INT1
INT_SOURCE1 = 0x66  # WOM to INT1
FIFO_LOST_PKT0 = 0x6C  # low byte
FIFO_LOST_PKT1 = 0x6D  # high byte
SELF_TEST_CONFIG = 0x70  # ACCEL_ST_POWER, EN_AZ_ST, EN_AY_ST, EN_AX_ST, EN_GZ_ST, EN_GY_ST, EN_GX_ST
WHO_AM_I = 0x75  # 0x47
REG_BANK_SEL = 0x76  # in every bank

# Chapters 15, 16 and 18: user banks 1, 2 and 4 (key: bank << 8 more).
XG_ST_DATA = 0x15F  # factory code of gyroscope self-test, x y z
INTF_CONFIG6 = 0x17C  # I3C, which nobody speaks here
XA_ST_DATA = 0x23B  # the same of the accelerometer
ACCEL_WOM_X_THR = 0x44A  # 1 g / 256 per count
ACCEL_WOM_Y_THR = 0x44B  # the same
ACCEL_WOM_Z_THR = 0x44C  # the same

MAP = MappingProxyType(
    {
        DEVICE_CONFIG: (0x00, 0x01),
        DRIVE_CONFIG: (0x05, 0x3F),
        INT_CONFIG: (0x00, 0x3F),
        FIFO_CONFIG: (0x00, 0xC0),
        SIGNAL_PATH_RESET: (0x00, 0x0E),
        INTF_CONFIG0: (0x30, 0xF3),
        INTF_CONFIG1: (0x91, 0x0B),
        PWR_MGMT0: (0x00, 0x3F),
        GYRO_CONFIG0: (0x06, 0xEF),
        ACCEL_CONFIG0: (0x06, 0xEF),
        GYRO_CONFIG1: (0x16, 0xEC),
        GYRO_ACCEL_CONFIG0: (0x11, 0xFF),
        ACCEL_CONFIG1: (0x0D, 0x18),
        TMST_CONFIG: (0x23, 0x1F),
        SMD_CONFIG: (0x00, 0x0F),
        FIFO_CONFIG1: (0x00, 0x6F),
        FIFO_CONFIG2: (0x00, 0xFF),
        FIFO_CONFIG3: (0x00, 0x0F),
        FSYNC_CONFIG: (0x10, 0x73),
        INT_CONFIG0: (0x00, 0x00),
        INT_CONFIG1: (0x10, 0x70),
        INT_SOURCE0: (0x10, 0x1E),
        INT_SOURCE1: (0x00, 0x07),
        SELF_TEST_CONFIG: (0x00, 0x7F),
        REG_BANK_SEL: (0x00, 0x07),
        INTF_CONFIG6: (0x5F, 0x9F),
        ACCEL_WOM_X_THR: (0x00, 0xFF),
        ACCEL_WOM_Y_THR: (0x00, 0xFF),
        ACCEL_WOM_Z_THR: (0x00, 0xFF),
    }
)
"""value after reset, bits that can be written; other bits are reserved or not modelled"""

ODR_HZ = MappingProxyType(
    {1: 32e3, 2: 16e3, 3: 8e3, 4: 4e3, 5: 2e3, 6: 1e3, 7: 200.0, 8: 100.0, 9: 50.0, 10: 25.0, 11: 12.5}
    | {12: 6.25, 13: 3.125, 14: 1.5625, 15: 500.0}
)
GYR_COUNTS_PER_DPS = (16.4, 32.8, 65.5, 131.0, 262.0, 524.3, 1048.6, 2097.2)  # section 3.1, by GYRO_FS_SEL
ACC_COUNTS_PER_G = (2048.0, 4096.0, 8192.0, 16384.0)  # section 3.2, by ACCEL_FS_SEL
BANDWIDTH = (2.0, 4.0, 5.0, 8.0, 10.0, 16.0, 20.0, 40.0)  # GYRO_ACCEL_CONFIG0: ODR / 2, then max(400, ODR) / this
ACC_START_S, GYR_START_S = 0.010, 0.030  # sections 3.2 and 3.1, start-up times
RESET_S, SETTLE_S = 0.001, 200e-6  # DEVICE_CONFIG, PWR_MGMT0
FIFO_BYTES = 2048  # section 6.4; one packet's room is reserved
PULSE_S = 100e-6  # INT_CONFIG1 INT_TPULSE_DURATION
INVALID = -32768  # section 6.1: stands for "no sample", unless FIFO_HOLD_LAST_DATA_EN
RESET_DONE, DATA_RDY, FIFO_THS, FIFO_FULL = 0x10, 0x08, 0x04, 0x02  # INT_STATUS and INT_SOURCE0
SELF_TEST_ACC_G, SELF_TEST_GYR_DPS = 2620.0 / 16384.0, 2620.0 / 131.0  # for code 1; times 1.01 for each further one
