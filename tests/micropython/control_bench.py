"""A node without board, chip and radio: the real control, stream, ring and settings around stand-ins."""

import sys
from array import array


class machine:
    """What the firmware takes of the board here."""

    resets = 0

    @staticmethod
    def unique_id():
        return b"\x01\x02\x03\x04\xbe\xef"

    @staticmethod
    def reset():
        machine.resets += 1


sys.modules["machine"] = machine

import wire

import control
import state
from host import Host
from ring import Ring
from settings import Settings

NOW_US = 7_000_000_000


class Imu:
    CHIP = "lsm6dsv16x"
    RATES_HZ = (60, 120, 240, 480)
    DEFAULT_HZ = 120
    acc_code, gyr_code = 1, 3

    def probe(self):
        return True


class Fusion:
    zero = None

    def set_gyr_zero(self, x, y, z):
        Fusion.zero = x, y, z


class Clock:
    def __init__(self):
        self.now = NOW_US

    def now_us(self):
        self.now += 1
        return self.now


class Battery:
    mv, percent, low = 3900, 64, False


class Sampler:
    """Writes down what it is told. `zero` is what zero_result will give."""

    bus_failed = False
    zero = None

    def __init__(self):
        self.counters = dict.fromkeys(("samples", "overruns", "lost", "bus_errors", "clipped"), 0)
        self.starts = []
        self.fails = False

    def start(self, rate_hz, mode):
        if self.fails:
            raise OSError(19)
        self.starts.append((rate_hz, mode))

    def begin_zero(self):
        Sampler.zero = None

    def zero_result(self):
        return Sampler.zero


class Bench:
    """A node and one host, as if connected by cable."""

    def __init__(self, slots=8):
        self.sampler, self.identified = Sampler(), 0
        self.ring = Ring(slots)
        self.ring.configure(wire.SAMPLES, 1, 3)
        self.settings = Settings()
        self.settings.boot = 9
        self.imu = Imu()
        self.state = state.State(self.settings, False, self.imu, self.ring, self.sampler, Fusion(), Battery())
        self.state.found = True
        self.node = control.Node(self.state, Clock(), self._identify)
        self.host = Host(2034)

    def _identify(self):
        self.identified += 1

    def feed(self, count):
        self.ring.append(array("h", [7] * 10 * count), count, array("I", (5, 0)), 0, 8_333_333)

    def ask(self, data, host=None):
        """All that comes back for one command, decoded."""
        host = host or self.host
        host.put(0, data)
        self.node.serve(host)
        found = []
        while host.outbox or host.questions:
            found += wire.messages(bytes(self.node.packet(host)))
            self.node.sent(host)
        return found

    def status(self, opcode, *args, name="", host=None):
        """Status of the one reply."""
        (answer,) = self.ask(wire.encode_command(opcode, *args, name=name), host)
        assert answer.opcode == opcode
        return answer.status

    def seen(self):
        """All that an invalid command must not change."""
        s, n = self.settings, self.node
        return (
            (s.placement, s.lid, s.name, s.rate_hz, s.mode, s.boot, s.calibration),
            (n.stream.live, n.stream._number, str(n.stream._ranges), n.reader is None),
            (
                self.state._unsaved,
                self.state._restart,
                n._reset_ms,
                n._zero is None,
                self.sampler.starts,
                self.identified,
                machine.resets,
            ),
        )
