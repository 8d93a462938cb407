"""What a builder may change: the chip, the pins, the sounds. Everything else is set from the computer.

The pins are those of the Seeed Studio XIAO ESP32-S3, by GPIO number; the name printed beside the hole stands in
brackets. None means that the part is not there.
"""

# The motion sensor: "lsm6dsv16x", "mpu6050" or "icm42688p".
CHIP = "lsm6dsv16x"
IMU_ADDRESS = None  # None: the chip's usual address; a number if its address pin is tied the other way

# Who computes the orientation: "node", this firmware from the readings, or "chip", a chip that has a fusion of its own
# (LSM6DSV16X), in half precision and without the gyroscope's zero.
FUSION = "node"

# The two wires to the sensor, and their speed.
SDA_PIN = 5  # [D4]
SCL_PIN = 6  # [D5]
I2C_HZ = 400_000

# The sensor's interrupt wire. Movement wakes the node over it; without it a node does not go to sleep by itself.
# It must be a pin that can wake the ESP32-S3 from deep sleep: GPIO 0 to 21.
INT1_PIN = 4  # [D3]

# The board cannot measure its battery by itself: that takes two equal resistors (220 kOhm or so), one from BAT+ to
# this pin, one from this pin to ground. DIVIDER is how many times smaller the voltage is there.
BATTERY_PIN = 1  # [D0]; None without the resistors
BATTERY_DIVIDER = 2.0

# The light on the board, which shines while its pin is low.
LED_PIN = 21
LED_ACTIVE_LOW = True

# A buzzer or a vibration motor (over a transistor). BUZZER_HZ is the tone of a plain piezo disc; 0 for a part that
# sounds or shakes by itself when it gets power.
BUZZER_PIN = None  # 2 [D1]
BUZZER_HZ = 2700

# The node can count a hold by itself, without a computer: above this thigh elevation, with these signals.
TARGET_DEG = 30

# Asleep after so many minutes without movement and without a computer. None: never.
IDLE_SLEEP_MIN = 10

# What a new node is called until it is given a name: this, "-" and the last four digits of the board's serial number.
NAME = "hiphold"
