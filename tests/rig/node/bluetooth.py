"""`bluetooth.BLE` of the ESP32 port in the peripheral role, as documented; the stack behind it runs in the rig.

Events come while the node waits, so the handler runs between two steps of the firmware, as with a soft interrupt.
Names and numbers: MicroPython documentation, module bluetooth. NimBLE's faults are kept: notifications go out
whether or not the central subscribed, and gatts_notify raises ENOMEM when the buffers are out.
"""

import binascii
import errno
import json
import struct

import _rig
import machine

FLAG_READ = 0x02
FLAG_WRITE_NO_RESPONSE = 0x04
FLAG_WRITE = 0x08
FLAG_NOTIFY = 0x10
FLAG_INDICATE = 0x20

_IRQ_CENTRAL_CONNECT = 1
_IRQ_CENTRAL_DISCONNECT = 2
_IRQ_GATTS_WRITE = 3
_IRQ_GATTS_READ_REQUEST = 4
_IRQ_MTU_EXCHANGED = 21
_IRQ_CONNECTION_UPDATE = 27

_CONNECTIONS = 4  # CONFIG_BT_NIMBLE_MAX_CONNECTIONS of the port
_BLOCKS = 12  # CONFIG_BT_NIMBLE_MSYS_1_BLOCK_COUNT
_BLOCK = 250  # bytes of a packet in one block; L2CAP and ATT headers take 7


class _UUID(bytes):
    pass


def UUID(value):  # a function: a constructor on a subclass of bytes crashes the interpreter
    if isinstance(value, int):
        return _UUID(struct.pack("<H", value))
    if isinstance(value, str):
        return _UUID(bytes(reversed(binascii.unhexlify(value.replace("-", "")))))
    return _UUID(bytes(value))


class _BLE:
    def __init__(self):
        self._active = False
        self._irq = None
        self._settings = {"mtu": 256, "gap_name": "MPY ESP32", "rxbuf": 256}
        self._values = {}  # by handle
        self._sizes = {}  # handle -> (size of its buffer, append)
        self._connections = set()
        self._free = _BLOCKS
        self._address = bytearray(6)

    def active(self, active=None):
        if active is None:
            return self._active
        self._active = bool(active)
        _rig.send("V", bytes((self._active,)))
        _rig.handlers["E"] = self._on_event
        _rig.handlers["w"] = self._on_write
        _rig.handlers["q"] = self._on_read
        _rig.handlers["C"] = self._on_credit
        return self._active

    def config(self, *args, **kwargs):
        if args:
            return (1, machine.unique_id()) if args[0] == "mac" else self._settings[args[0]]
        self._need_active()
        for name, value in kwargs.items():
            if name not in ("mtu", "gap_name", "rxbuf", "addr_mode", "bond", "mitm", "io", "le_secure"):
                raise ValueError("unknown config param")
            self._settings[name] = value
        return _rig.send("c", struct.pack("<H", self._settings["mtu"]) + bytes(self._settings["gap_name"], "utf-8"))

    def irq(self, handler):
        self._irq = handler

    def gap_advertise(self, interval_us, adv_data=None, *, resp_data=None, connectable=True):
        self._need_active()
        for data in (adv_data, resp_data):
            if data is not None and len(data) > 31:
                raise OSError(errno.EINVAL)
        if interval_us is not None and connectable and len(self._connections) >= _CONNECTIONS:
            raise OSError(errno.ENOMEM)
        body = struct.pack("<IB", interval_us or 0, connectable)
        for data in (adv_data, resp_data):
            body += b"\xff" if data is None else bytes((len(data),)) + bytes(data)
        _rig.send("a", body)

    def gatts_register_services(self, services_definition):
        self._need_active()
        told = [[_hex(service[0]), [[_hex(c[0]), c[1]] for c in service[1]]] for service in services_definition]
        handles = json.loads(bytes(_rig.ask("g", json.dumps(told).encode())))
        for handle in [handle for service in handles for handle in service]:
            self._values[handle] = b""
            self._sizes[handle] = (20, False)
        return tuple(tuple(service) for service in handles)

    def gatts_set_buffer(self, value_handle, len, append=False):
        self._sizes[value_handle] = (len, append)

    def gatts_read(self, value_handle):
        value = self._values[value_handle]
        if self._sizes[value_handle][1]:
            self._values[value_handle] = b""
        return value

    def gatts_write(self, value_handle, data, send_update=False):
        self._values[value_handle] = bytes(data)
        _rig.send("v", struct.pack("<HB", value_handle, send_update) + bytes(data))
        return len(data)

    def gatts_notify(self, conn_handle, value_handle, data=None):
        self._need_active()
        data = self._values[value_handle] if data is None else data
        if conn_handle not in self._connections:
            raise OSError(errno.ENOTCONN)
        blocks = (len(data) + 7 + _BLOCK - 1) // _BLOCK
        if self._free < blocks:
            raise OSError(errno.ENOMEM)
        self._free -= blocks
        _rig.spend(100)
        _rig.send("n", struct.pack("<HHB", conn_handle, value_handle, blocks) + bytes(data))

    def gap_disconnect(self, conn_handle):
        if conn_handle not in self._connections:
            return False
        _rig.send("d", struct.pack("<H", conn_handle))
        return True

    def _need_active(self):
        if not self._active:
            raise OSError(errno.ENODEV)

    def _call(self, event, data):
        return self._irq(event, data) if self._irq else None

    def _on_event(self, body):
        """A connection came or went, its MTU or its parameters changed."""
        event, connection, a, b, c, d = struct.unpack_from("<BHHHHH", body)
        if event in (_IRQ_CENTRAL_CONNECT, _IRQ_CENTRAL_DISCONNECT):
            (self._connections.add if event == _IRQ_CENTRAL_CONNECT else self._connections.discard)(connection)
            self._address[:] = body[11:17]
            self._call(event, (connection, a, memoryview(self._address)))
            self._address[:] = bytes(6)  # the documentation: valid only within the handler
        elif event == _IRQ_MTU_EXCHANGED:
            self._call(event, (connection, a))
        else:
            self._call(event, (connection, a, b, c, d))

    def _on_write(self, body):
        connection, handle = struct.unpack_from("<HH", body)
        size, append = self._sizes[handle]
        value = self._values[handle] + bytes(body[4:]) if append else bytes(body[4:])
        self._values[handle] = value[:size]
        self._call(_IRQ_GATTS_WRITE, (connection, handle))

    def _on_read(self, body):
        refusal = self._call(_IRQ_GATTS_READ_REQUEST, struct.unpack("<HH", body))
        if refusal:
            _rig.send("r", bytes((refusal,)))

    def _on_credit(self, body):
        self._free += struct.unpack("<H", body)[0]


def _hex(uuid):
    return binascii.hexlify(bytes(uuid)).decode()


_instance = None


def BLE():
    global _instance
    if _instance is None:
        _instance = _BLE()
    return _instance
