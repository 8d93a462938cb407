"""Random and mutated commands from three hosts: micropython control_fuzz.py COUNT SEED

Nothing raises, an invalid command changes nothing but its count, and memory does not grow. Prints what was tried.
"""

import gc
import random
import sys

import wire
from control_bench import Bench, machine, state

from host import Host
from stream import MAX_RANGES

COUNT, SEED = int(sys.argv[1]), int(sys.argv[2])
TEMPLATES = [wire.encode_command(op) for op in (1, 2, 5, 11, 12, 14, 15)] + [
    wire.encode_command(wire.GET_TIME, 1, 2),
    wire.encode_command(wire.RESEND, 9, 0, 40),
    wire.encode_command(wire.SET_RATE, 240),
    wire.encode_command(wire.SET_MODE, 2),
    wire.encode_command(wire.SET_PLACEMENT, 3),
    wire.encode_command(wire.SET_LID, 2),
    wire.encode_command(wire.SET_NAME, name="Größe"),
    wire.encode_command(wire.SET_CALIBRATION, *[0.5] * 15),
]
rng = random
rng.seed(SEED)


def some_bytes(size):
    return bytes([rng.getrandbits(8) for _ in range(size)])


def command():
    """A valid command, one cut, lengthened or with some bytes changed, or no command at all."""
    how = rng.getrandbits(2)
    if how == 0:
        return some_bytes(rng.getrandbits(6) if rng.getrandbits(3) else 0)
    data = bytearray(rng.choice(TEMPLATES))
    if how == 1:
        return bytes(data)
    for _ in range(rng.randrange(3)):
        data[rng.randrange(len(data))] = rng.getrandbits(8)
    end = rng.randrange(len(data) + 1)
    return bytes(data[:end]) if rng.getrandbits(1) else bytes(data) + some_bytes(rng.getrandbits(2))


def is_valid(data):
    try:
        args = wire.decode_command(data).args
    except wire.WireError:
        return False
    return not (data[0] == wire.SET_RATE and args[0] not in (60, 120, 240, 480)) and not (
        data[0] == wire.RESEND and args[0] != 9
    )


def take_all(bench, hosts):
    """Take everything out, as a transport would."""
    for host in hosts:
        for _ in range(60):
            packet = bench.node.packet(host)
            if packet is None:
                break
            assert len(packet) <= host.limit, "too long for its host"
            wire.messages(bytes(packet))
            bench.node.sent(host)


def check_storable(settings, _folder):
    assert state.store._decode(state.store._encode(settings, 1, 0)), "settings that load would refuse"


def run():
    state.store.save = check_storable
    bench = Bench(16)
    hosts = [Host(2034), Host(244), Host(20)]
    invalid = 0
    free = 0
    for turn in range(COUNT):
        data, host = command(), rng.choice(hosts)
        valid = is_valid(data)
        before, bad = bench.seen(), bench.node.counts["bad_commands"]
        host.put(0, data)
        bench.node.serve(host)
        if not valid:
            invalid += 1
            busy = bench.node.stream.live and host is not bench.node.reader
            assert bench.seen() == before, ("an invalid command changed something", data)
            assert busy or bench.node.counts["bad_commands"] == bad + 1, ("not counted", data)
            assert wire.messages(host.outbox[-1])[0].status, ("an invalid command was taken", data)
        assert len(bench.node.stream._ranges) <= MAX_RANGES
        bench.feed(rng.getrandbits(4) + 1)
        take_all(bench, hosts)
        if turn % 50 == 0:
            bench.node.step()
            bench.state.second()
            del bench.sampler.starts[:]
        if turn % 500 == 0:
            bench.node.gone(host)
            gc.collect()
            if turn == 1000:
                free = gc.mem_free()
            elif turn > 1000:
                assert gc.mem_free() > free - 4096, "memory grows"
    assert bench.node.counts["dropped_commands"] == 0
    return invalid


print("%d of %d invalid, %d resets" % (run(), COUNT, machine.resets))
