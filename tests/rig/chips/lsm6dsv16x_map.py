"""Registers and tables of the LSM6DSV16X. DS13510; AN is the application note AN5763."""

from types import MappingProxyType

# DS13510, chapter "Register description": the headings of its sections are these names, in this order.
FUNC_CFG_ACCESS = 0x01  # EMB_FUNC_REG_ACCESS: the embedded functions' registers; SW_POR
PIN_CTRL = 0x02  # pull-ups
IF_CFG = 0x03  # H_LACTIVE: interrupts active low; PP_OD
FIFO_CTRL1 = 0x07  # WTM, words
FIFO_CTRL2 = 0x08  # compression, STOP_ON_WTM: not modelled
FIFO_CTRL3 = 0x09  # BDR_XL, BDR_GY: what rates are batched
FIFO_CTRL4 = 0x0A  # FIFO_MODE, ODR_T_BATCH, DEC_TS_BATCH
INT1_CTRL = 0x0D  # what goes to the pin INT1
INT2_CTRL = 0x0E  # kept, but the pin INT2 is not modelled
WHO_AM_I = 0x0F  # 0x70
CTRL1 = 0x10  # ODR_XL, OP_MODE_XL
CTRL2 = 0x11  # ODR_G, OP_MODE_G
CTRL3 = 0x12  # BOOT, BDU, IF_INC, SW_RESET
CTRL4 = 0x13  # DRDY_MASK
CTRL6 = 0x15  # LPF1_G_BW, FS_G
CTRL7 = 0x16  # LPF1_G_EN
CTRL8 = 0x17  # HP_LPF2_XL_BW, FS_XL
CTRL9 = 0x18  # LPF2_XL_EN
CTRL10 = 0x19  # ST_G, ST_XL: self-test
FIFO_STATUS1 = 0x1B  # DIFF_FIFO[7:0], words
FIFO_STATUS2 = 0x1C  # WTM_IA, OVR_IA, FULL_IA, COUNTER_BDR_IA, OVR_LATCHED, DIFF_FIFO[8]
ALL_INT_SRC = 0x1D  # WU_IA
STATUS_REG = 0x1E  # TDA, GDA, XLDA
OUT_TEMP_L = 0x20  # 256 counts per degree, 0 at 25 degrees
OUTX_L_G = 0x22  # gyroscope x y z
OUTX_L_A = 0x28  # accelerometer x y z
TIMESTAMP0 = 0x40  # four bytes, 21.7 us per count
WAKE_UP_SRC = 0x45  # WU_IA, X_WU, Y_WU, Z_WU
INTERNAL_FREQ = 0x4F  # FREQ_FINE: how much faster than nominal it runs
FUNCTIONS_ENABLE = 0x50  # INTERRUPTS_ENABLE, TIMESTAMP_EN
INACTIVITY_DUR = 0x54  # WU_INACT_THS_W
TAP_CFG0 = 0x56  # LIR: latched interrupts; HW_FUNC_MASK_XL_SETTL; SLOPE_FDS is not modelled
WAKE_UP_THS = 0x5B  # WK_THS
WAKE_UP_DUR = 0x5C  # WAKE_DUR
MD1_CFG = 0x5E  # INT1_WU
MD2_CFG = 0x5F  # INT2_WU
FIFO_DATA_OUT_TAG = 0x78  # TAG_SENSOR, TAG_CNT; bit 0 is not used
FIFO_DATA_OUT_Z_H = 0x7E  # last of the six data bytes

# DS13510, chapter "Embedded functions register description": there while EMB_FUNC_REG_ACCESS is 1.
# Key: 0x100 more.
EMB_FUNC_EN_A = 0x104  # SFLP_GAME_EN
EMB_FUNC_FIFO_EN_A = 0x144  # SFLP_GAME_FIFO_EN
SFLP_ODR = 0x15E  # SFLP_GAME_ODR
EMB_FUNC_INIT_A = 0x166  # SFLP_GAME_INIT

MAP = MappingProxyType(
    {
        FUNC_CFG_ACCESS: (0x00, 0x84),
        PIN_CTRL: (0x23, 0x60),
        IF_CFG: (0x00, 0x38),
        FIFO_CTRL1: (0x00, 0xFF),
        FIFO_CTRL2: (0x00, 0x00),
        FIFO_CTRL3: (0x00, 0xFF),
        FIFO_CTRL4: (0x00, 0xF7),
        INT1_CTRL: (0x00, 0x3B),
        INT2_CTRL: (0x00, 0x3B),
        CTRL1: (0x00, 0x7F),
        CTRL2: (0x00, 0x7F),
        CTRL3: (0x44, 0xC5),
        CTRL4: (0x00, 0x08),
        CTRL6: (0x00, 0x7F),
        CTRL7: (0x00, 0x01),
        CTRL8: (0x00, 0xE3),
        CTRL9: (0x00, 0x08),
        CTRL10: (0x00, 0x0F),
        FUNCTIONS_ENABLE: (0x00, 0xC0),
        INACTIVITY_DUR: (0x04, 0x7F),
        TAP_CFG0: (0x00, 0x21),
        WAKE_UP_THS: (0x00, 0x3F),
        WAKE_UP_DUR: (0x00, 0x60),
        MD1_CFG: (0x00, 0x20),
        MD2_CFG: (0x00, 0x20),
        EMB_FUNC_EN_A: (0x00, 0x02),
        EMB_FUNC_FIFO_EN_A: (0x00, 0x02),
        SFLP_ODR: (0x5B, 0x38),
        EMB_FUNC_INIT_A: (0x00, 0x02),
    }
)
"""value after reset, bits that can be written; other bits are reserved or not modelled"""

RATES_HZ = (0, 1.875, 7.5, 15, 30, 60, 120, 240, 480, 960, 1920, 3840, 7680)  # CTRL1, CTRL2, FIFO_CTRL3
SFLP_RATES_HZ = (15, 30, 60, 120, 240, 480)  # SFLP_ODR
ACC_G = {0: 61e-6, 1: 122e-6, 2: 244e-6, 3: 488e-6}  # CTRL8 FS_XL; table 3, LA_So, g per count
GYR_DPS = {0: 4.375e-3, 1: 8.75e-3, 2: 17.5e-3, 3: 35e-3, 4: 70e-3, 12: 140e-3}  # CTRL6 FS_G; table 3, G_So
WAKE_MG = (7.8125, 15.625, 31.25, 62.5, 125.0, 125.0, 125.0, 125.0)  # INACTIVITY_DUR WU_INACT_THS_W, per count
GYR_START_S = 0.030  # AN, "Gyroscope turn-on/off time": from power-down
RESET_S, BOOT_S = 0.0005, 0.030  # SW_RESET; SW_POR and BOOT: must be waited for
FREQ_FINE = 0.0013  # INTERNAL_FREQ: the true rate is (1 + FREQ_FINE * register) * nominal
WORDS = 256  # of FIFO: 1.5 KB of 6 bytes, each read with its tag
NOT_SETTLED = 0x7FFF  # AN, DRDY_MASK: what is batched before a sensor is settled
GYR, ACC, TEMPERATURE, TIMESTAMP, GAME = 0x01, 0x02, 0x03, 0x04, 0x13  # TAG_SENSOR; 0 is an empty FIFO
