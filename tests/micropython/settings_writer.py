"""A node that saves all the time, for a test that kills it: micropython settings_writer.py FOLDER

Prints what it finds at its start, then the number of each save that is done. Every value follows from the number.
"""

import json
import sys


class Machine:
    """What settings.py needs of the board."""

    @staticmethod
    def unique_id():
        return b"\x01\x02\x03\x04\xbe\xef"


sys.modules["machine"] = Machine
import wire

import settings


class Flash:
    """A file that is written a byte at a time, so that the power can fail between any two."""

    def __init__(self, path, mode):
        self.file = open(path, mode)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def write(self, data):
        for at in range(len(data)):
            self.file.write(data[at : at + 1])

    def flush(self):
        self.file.flush()

    def read(self, size):
        return self.file.read(size)


def numbered(number):
    it = settings.Settings()
    it.placement = wire.PLACEMENTS[number % 6]
    it.lid = wire.LID_SIDES[number % 4]
    it.name = f"n{number}"
    it.rate_hz = number % 65536
    it.mode = 1 + number % 2
    it.boot = number % 256
    values = tuple(float(number + i) for i in range(15))
    it.calibration = wire.Calibration(values[:3], values[3:6], values[6:])
    return it


settings.open = Flash
folder = sys.argv[1]
found, lost = settings.load(folder)
number = int(found.name[1:]) if found.name.startswith("n") else 0  # 0: the factory's
print(json.dumps([number, found.__dict__ == (numbered(number) if number else settings.Settings()).__dict__, lost]))
while True:
    number += 1
    settings.save(numbered(number), folder)
    print(number)
