"""Checks a `wire` module against the golden vectors and a fuzz; the same file runs on CPython and MicroPython.

    micropython wire_vectors.py FOLDER_OF_WIRE GOLDEN_JSON

Ends with the line `ok N`, N checks made; anything else is a failure. The line before it has a digest of every
outcome of the fuzz, by which two runtimes can be compared. No pytest here, and nothing MicroPython lacks.
"""

import binascii
import json
import sys

try:  # noqa: SIM105  no contextlib there
    from typing import Any
except ImportError:  # MicroPython, which does not look at annotations
    pass

ENCODERS = ("Samples", "Imported", "Info", "Calibration", "Time", "Reply", "Counters")
ROUNDS = 4000


def same(got: object, expected: object, name: str) -> None:
    if got != expected:
        raise AssertionError(f"{name}: got {got!r}, expected {expected!r}")


def outcome(wire: Any, function: Any, *args: Any) -> Any:
    """The value, or the text of the WireError; any other exception goes through and fails the run."""
    try:
        return function(*args)
    except wire.WireError as error:
        return str(error)


def joined(parts: Any) -> bytes:
    return b"".join([bytes.fromhex(part[1]) * (part[2] if len(part) > 2 else 1) for part in parts])


def frozen(value: Any) -> Any:
    return tuple([frozen(item) for item in value]) if isinstance(value, list) else value


def encode(wire: Any, message: object) -> Any:
    for name in ENCODERS:
        if isinstance(message, getattr(wire, name)):
            return getattr(wire, "encode_" + name.lower())(message)
    raise AssertionError(f"not a message: {message!r}")


def build(wire: Any, vector: Any) -> Any:
    """The message a vector describes, and its bytes."""
    fields = {key: frozen(value) for key, value in vector["fields"].items()}
    data = joined(vector["parts"])
    if "payload" in vector:
        fields["payload"] = joined(vector["payload"])
        data += fields["payload"]
    return getattr(wire, vector["type"])(**fields), data


def check_messages(wire: Any, golden: Any) -> int:
    """Every message in both directions, anywhere in a packet, and cut short at every byte."""
    known, count = {}, 0
    for vector in golden["messages"]:
        message, data = build(wire, vector)
        known[vector["name"]] = message
        same(encode(wire, message), data, vector["name"])
        same(wire.decode(data), (message, len(data)), vector["name"])
        same(wire.decode(b"\xff\x00" + data + b"\xff", 2), (message, 2 + len(data)), vector["name"])
        for size in range(len(data)):
            same(wire.decode(data[:size]), None, vector["name"])
        count += 3 + len(data)
    for vector in golden["packets"]:
        expected = [known[name] for name in vector["messages"]]
        same(wire.messages(bytes.fromhex(vector["hex"])), expected, vector["name"])
        same(b"".join([encode(wire, message) for message in expected]).hex(), vector["hex"], vector["name"])
    return count + 2 * len(golden["packets"])


def check_commands(wire: Any, golden: Any) -> int:
    for vector in golden["commands"]:
        data, text = joined(vector["parts"]), vector.get("text", "")
        args = frozen(vector["args"])
        same(wire.encode_command(vector["opcode"], *args, name=text), data, vector["name"])
        expected = wire.Command(vector["opcode"], (text,) if text else args)
        same(wire.decode_command(data), expected, vector["name"])
    same(sorted({vector["opcode"] for vector in golden["commands"]}), sorted(wire.COMMANDS), "commands covered")
    return 2 * len(golden["commands"]) + 1


def check_adverts(wire: Any, golden: Any) -> int:
    for vector in golden["adverts"]:
        advert, data = wire.Advert(**vector["fields"]), joined(vector["parts"])
        same(wire.encode_advert(advert), data, vector["name"])
        same(wire.decode_advert(data), advert, vector["name"])
    same(wire.decode_advert(b"\x02new").version, 2, "the version of another protocol")
    return 2 * len(golden["adverts"]) + 1


def check_cable(wire: Any, golden: Any) -> int:
    for vector in golden["cobs"]:
        same(wire.cobs_encode(bytes.fromhex(vector["plain"])).hex(), vector["coded"], vector["name"])
        same(wire.cobs_decode(bytes.fromhex(vector["coded"])).hex(), vector["plain"], vector["name"])
    for vector in golden["cable"]:
        packet, coded = bytes.fromhex(vector["packet"]), joined(vector["parts"])
        same(wire.cable_encode(packet), coded, vector["name"])
        same(wire.cobs_decode(coded[:-1]).hex(), vector["packet"] + vector["crc32"], vector["name"])
        same(take_all(wire, bytearray(coded)), [packet], vector["name"])
    for vector in golden["cable_streams"]:
        buffer = bytearray(joined(vector["parts"]))
        expected = [bytes.fromhex(o["packet"]) if "packet" in o else o["error"] for o in vector["outcomes"]]
        same(take_all(wire, buffer), expected, vector["name"])
        same(len(buffer), vector["left"], vector["name"])
    return 2 * len(golden["cobs"]) + 3 * len(golden["cable"]) + 2 * len(golden["cable_streams"])


def check_bad(wire: Any, golden: Any) -> int:
    count = 0
    decoders = {"messages": wire.decode, "packets": wire.messages, "commands": wire.decode_command}
    decoders["cobs"] = wire.cobs_decode
    decoders["adverts"] = wire.decode_advert
    for kind, decoder in decoders.items():
        for vector in golden["bad_" + kind]:
            same(outcome(wire, decoder, bytes.fromhex(vector["hex"])), vector["error"], vector["name"])
            count += 1
    return count


def take_all(wire: Any, buffer: bytearray) -> list[bytes | str]:
    """Packets (bytes) and errors (text) until the buffer has no more; at most one call per zero, and two."""
    found: list[bytes | str] = []
    for _ in range(bytes(buffer).count(b"\0") + 2):
        taken = outcome(wire, wire.cable_take, buffer)
        if taken is None:
            same(len(buffer) <= wire.MAX_CABLE and b"\0" not in bytes(buffer), True, "what waits")
            return found
        found.append(taken)
    raise AssertionError("cable_take does not come to an end")


class Dice:
    """The same numbers on every runtime: a 32-bit linear congruential generator (Numerical Recipes, 1992)."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def below(self, limit: int) -> int:
        self.state = (self.state * 1664525 + 1013904223) & 0xFFFFFFFF
        return (self.state >> 16) % limit

    def draw(self, size: int) -> bytes:
        return bytes([self.below(256) for _ in range(size)])


def spoilt(dice: Dice, seeds: list[bytes]) -> bytes:
    """Random bytes, or a sound input with a few bytes overwritten, a piece cut out, or noise put in."""
    if dice.below(4) == 0:
        return dice.draw(dice.below(80))
    data = bytearray(seeds[dice.below(len(seeds))])
    for _ in range(dice.below(3)):
        data[dice.below(len(data))] = dice.below(256)
    at = dice.below(len(data))
    end = at + dice.below(len(data) - at)
    how = dice.below(3)
    return bytes(data) if how == 0 else bytes(data[:at] + (dice.draw(3) if how == 1 else b"") + data[end:])


def check_outcome(wire: Any, data: bytes) -> Any:
    """What decode makes of any bytes, in a form that compares across runtimes."""
    step = outcome(wire, wire.decode, data)
    if step is None or isinstance(step, str):
        return str(step).encode()
    message, end = step
    again = encode(wire, message)
    same(wire.decode(again), (message, end), "decoded, encoded, decoded")
    return again


def check_command_outcome(wire: Any, data: bytes) -> Any:
    command = outcome(wire, wire.decode_command, data)
    if isinstance(command, str):
        return command.encode()
    args, name = (command.args, "") if command.opcode != wire.SET_NAME else ((), command.args[0])
    again = wire.encode_command(command.opcode, *args, name=name)
    same(again, data, "decoded and encoded")
    return again


def check_advert_outcome(wire: Any, data: bytes) -> Any:
    advert = outcome(wire, wire.decode_advert, data)
    if isinstance(advert, str) or advert.version != wire.VERSION:
        return str(advert if isinstance(advert, str) else advert.version).encode()
    same(wire.encode_advert(advert), data, "decoded and encoded")
    return data


def fuzz(wire: Any, golden: Any, rounds: int = ROUNDS, seed: int = 1) -> tuple[int, int]:
    """(inputs tried, CRC-32 over all outcomes)."""
    dice, digest = Dice(seed), 0
    messages = [build(wire, vector)[1] for vector in golden["messages"]]
    commands = [joined(vector["parts"]) for vector in golden["commands"]]
    packets = [joined(vector["parts"]) for vector in golden["cable"]]
    adverts = [joined(vector["parts"]) for vector in golden["adverts"]]
    for _ in range(rounds):
        results = [check_outcome(wire, spoilt(dice, messages)), check_command_outcome(wire, spoilt(dice, commands))]
        results.append(check_advert_outcome(wire, spoilt(dice, adverts)))
        stream = bytearray(spoilt(dice, packets) + spoilt(dice, packets))
        results += [taken if isinstance(taken, bytes) else taken.encode() for taken in take_all(wire, stream)]
        for result in results:
            digest = binascii.crc32(result + b"\n", digest)
    return 4 * rounds, digest & 0xFFFFFFFF


def check_all(wire: Any, golden: Any) -> int:
    """Number of checks of the golden vectors; raises AssertionError at the first that fails."""
    same(binascii.crc32(b"123456789") & 0xFFFFFFFF, 0xCBF43926, "CRC-32")
    checks = (check_messages, check_commands, check_adverts, check_cable, check_bad)
    return 1 + sum(check(wire, golden) for check in checks)


def main(folder: str, path: str) -> None:
    sys.path.insert(0, folder)
    wire = __import__("wire")
    with open(path) as file:  # noqa: PTH123  MicroPython has no pathlib
        golden = json.load(file)
    count = check_all(wire, golden)
    inputs, digest = fuzz(wire, golden)
    print(f"fuzz {inputs} inputs, digest {digest:08x}")
    print(f"ok {count + inputs}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
