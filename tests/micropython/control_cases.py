"""Every command and what it changes. Prints "ok"; an AssertionError says what is wrong."""

import time

import wire
from control_bench import NOW_US, Bench, Fusion, Sampler, control, machine, state

from host import MAX_WAITING, Host
from stream import MIN_LIMIT

CALIBRATION = tuple(float(i) / 8 for i in range(15))


def info_and_calibration():
    bench = Bench()
    bench.settings.name, bench.settings.placement, bench.settings.lid = "left", "thigh_left", "left"
    info, calibration = bench.ask(b"\x05")
    assert (info.boot, info.placement, info.lid, info.chip, info.name) == (
        9,
        "thigh_left",
        "left",
        "lsm6dsv16x",
        "left",
    )
    assert (info.firmware, info.battery_mv, info.rate_hz) == (state.FIRMWARE, 3900, 120)
    assert info.ring_samples == 7 * 11
    assert calibration.gyr_zero_radps == (0, 0, 0)
    assert calibration.acc_matrix == (1, 0, 0, 0, 1, 0, 0, 0, 1)
    assert info.faults == 0
    bench.state.found = False
    assert bench.ask(b"\x05")[0].faults == wire.NO_IMU
    bench.state.found, bench.sampler.bus_failed = True, True
    assert bench.ask(b"\x05")[0].faults == wire.BUS_ERROR


def clock_question_is_stamped_when_sent():
    bench = Bench()
    before = bench.node.clock.now
    bench.host.put(time.ticks_add(time.ticks_us(), -40_000), wire.encode_command(wire.GET_TIME, 77, 12345678901))
    bench.node.serve(bench.host)
    bench.node.clock.now += 500
    first = wire.messages(bench.node.packet(bench.host))[0]
    bench.node.clock.now += 500  # the stack refused it; it is stamped anew
    second = wire.messages(bench.node.packet(bench.host))[0]
    assert (second.boot, second.token, second.host_us) == (9, 77, 12345678901)
    assert 39_990 < before - second.node_rx_us < 140_000
    assert second.node_tx_us - first.node_tx_us == 501
    assert first.node_tx_us > NOW_US


def replies_go_before_clock_answers():
    bench = Bench()
    bench.host.put(0, wire.encode_command(wire.GET_TIME, 1, 2))
    bench.host.put(0, b"\x01")
    bench.node.serve(bench.host)
    bench.feed(11)
    kinds = []
    for _ in range(3):
        packet = bench.node.packet(bench.host)
        kinds.append(packet[0] >> 4)
        bench.node.sent(bench.host)
    assert kinds == [wire.REPLY, wire.TIME, wire.SAMPLES]
    assert bench.node.packet(bench.host) is None


def settings_are_changed_at_once_and_saved_once():
    bench = Bench()
    writes = []
    state.store.save = lambda settings, _folder: writes.append(settings.name)
    assert bench.status(wire.SET_NAME, name="Schenkel") == wire.OK
    assert bench.status(wire.SET_PLACEMENT, 4) == wire.OK
    assert bench.status(wire.SET_LID, 2) == wire.OK
    assert bench.status(wire.SET_CALIBRATION, *CALIBRATION) == wire.OK
    assert (bench.settings.name, bench.settings.placement, bench.settings.lid) == ("Schenkel", "shank_right", "left")
    _, calibration = bench.ask(b"\x05")
    assert calibration.gyr_zero_radps + calibration.acc_offset_mps2 + calibration.acc_matrix == CALIBRATION
    assert not writes
    bench.state.second()
    bench.state.second()
    assert writes == ["Schenkel"]
    assert counters(bench)["settings_writes"] == 1


def settings_that_cannot_be_saved_are_a_fault():
    bench = Bench()

    def save(_settings, _folder):
        raise OSError(28)

    state.store.save = save
    bench.status(wire.SET_LID, 2)
    bench.state.second()
    assert bench.state.faults() == wire.SETTINGS_LOST
    state.store.save = lambda _settings, _folder: None
    bench.status(wire.SET_LID, 3)
    bench.state.second()
    assert bench.state.faults() == 0


def rate_and_mode():
    bench = Bench()
    assert bench.status(wire.START) == wire.OK
    for rate_hz in (0, 50, 100, 121, 65535):
        assert bench.status(wire.SET_RATE, rate_hz) == wire.BAD_ARGUMENT
    assert bench.settings.rate_hz == 0
    assert counters(bench)["bad_commands"] == 5
    assert bench.status(wire.SET_RATE, 240) == wire.OK
    assert bench.status(wire.SET_MODE, wire.ORIENTATION) == wire.OK
    assert bench.sampler.starts == [], "the chip is not restarted while a command is answered"
    bench.node.step()
    assert bench.sampler.starts == [(240, wire.ORIENTATION)]
    assert bench.node.stream.live
    bench.status(wire.SET_RATE, 240)
    bench.node.step()
    assert len(bench.sampler.starts) == 1, "nothing changed, nothing is restarted"
    bench.settings.rate_hz = 200  # stored when another chip was in
    assert bench.state.rate_hz == 120


def one_host_receives():
    bench = Bench()
    other = Host(2034)
    assert bench.status(wire.START) == wire.OK
    changes = {wire.SET_RATE: (240,), wire.SET_MODE: (2,), wire.SET_PLACEMENT: (1,), wire.SET_LID: (1,)}
    changes.update({wire.START: (), wire.STOP: (), wire.ZERO_GYRO: (), wire.RESET: (), wire.RESEND: (9, 0, 5)})
    changes[wire.SET_CALIBRATION] = CALIBRATION
    before = bench.seen()
    for opcode, args in changes.items():
        assert bench.status(opcode, *args, host=other) == wire.BUSY
    assert bench.status(wire.SET_NAME, name="mine", host=other) == wire.BUSY
    assert bench.seen() == before
    assert len(bench.ask(b"\x05", other)) == 2
    assert len(bench.ask(b"\x0f", other)) == 1
    assert bench.status(wire.IDENTIFY, host=other) == wire.OK
    assert bench.identified == 1
    bench.feed(11)
    assert bench.node.packet(other) is None
    assert bench.node.packet(bench.host)[0] >> 4 == wire.SAMPLES
    assert bench.status(wire.STOP) == wire.OK
    assert bench.status(wire.START, host=other) == wire.OK
    assert bench.status(wire.START) == wire.BUSY
    bench.node.gone(other)
    assert bench.status(wire.START) == wire.OK


def resend_rules():
    bench = Bench()
    bench.feed(44)
    assert bench.status(wire.RESEND, 8, 0, 5) == wire.BAD_ARGUMENT
    assert bench.status(wire.RESEND, 9, 0, 5) == wire.OK, "also without a stream: what is missing at the end"
    (frame,) = wire.messages(bytes(bench.node.packet(bench.host)))
    assert (frame.flags, frame.seq, frame.count) == (wire.RESENT, 0, 5)
    for first in range(10, 17):
        assert bench.status(wire.RESEND, 9, first, 1) == wire.OK
    assert bench.status(wire.RESEND, 9, 17, 1) == wire.BUSY
    bench.status(wire.STOP)
    assert bench.node.packet(bench.host) is None


def what_cannot_be_sent_is_refused():
    bench = Bench()
    small = Host(MIN_LIMIT - 1)
    assert bench.status(wire.START, host=small) == wire.FAULT
    assert bench.status(wire.RESEND, 9, 0, 1, host=small) == wire.FAULT
    info, refusal = bench.ask(b"\x05", small)
    assert info.boot == 9
    assert refusal == (wire.GET_INFO, wire.FAULT)
    assert bench.ask(wire.encode_command(wire.GET_TIME, 1, 2), Host(31)) == [(wire.GET_TIME, wire.FAULT)]
    assert bench.ask(b"\x0f", Host(20)) == [(wire.GET_COUNTERS, wire.FAULT)]
    bench.state.found = False
    assert bench.status(wire.START) == wire.FAULT


def a_flood_is_bounded_and_counted():
    bench = Bench()
    for _ in range(1000):
        bench.host.put(0, b"\x05")
    for _ in range(50):
        bench.node.serve(bench.host)
    assert len(bench.host.outbox) <= MAX_WAITING + 2
    assert counters(bench, Host(2034))["dropped_commands"] == 1000 - MAX_WAITING


def zero_of_the_gyroscope():
    bench = Bench()
    for result in ("moved", (160, -320, 0)):
        assert bench.ask(bytes((wire.ZERO_GYRO,))) == []
        assert bench.status(wire.ZERO_GYRO) == wire.BUSY
        bench.node.step()
        assert not bench.host.outbox, "it is still being measured"
        Sampler.zero = result
        bench.node.step()
        (answer,) = wire.messages(bench.host.outbox.pop())
        assert answer == (wire.ZERO_GYRO, wire.FAULT if result == "moved" else wire.OK)
    zero = bench.settings.calibration.gyr_zero_radps
    step = 35e-3 * 3.14159265 / 180
    assert all(abs(a - b) < 1e-6 for a, b in zip(zero, (10 * step, -20 * step, 0)))
    assert Fusion.zero == (160, -320, 0)
    assert bench.state._unsaved
    bench.state.found = False
    assert bench.status(wire.ZERO_GYRO) == wire.FAULT


def a_zero_that_never_comes():
    bench = Bench()
    bench.ask(bytes((wire.ZERO_GYRO,)))
    control.ticks_ms = later
    bench.node.step()
    control.ticks_ms = time.ticks_ms
    assert wire.messages(bench.host.outbox.pop())[0].status == wire.FAULT


def later():
    return time.ticks_add(time.ticks_ms(), control.ZERO_MS + 1)


def reset_after_the_reply():
    bench = Bench()
    writes = []
    state.store.save = lambda _settings, _folder: writes.append(1)
    bench.status(wire.SET_LID, 1)
    assert bench.status(wire.RESET) == wire.OK
    bench.node.step()
    assert machine.resets == 0
    time.sleep_ms(control.RESET_MS + 20)
    bench.node.step()
    assert machine.resets == 1
    assert writes == [1]


def a_chip_that_comes_late_is_started():
    bench = Bench()
    bench.state.found = False
    bench.imu.probe = lambda: False
    bench.state.second()
    assert not bench.state.found
    assert bench.state.faults() == wire.NO_IMU
    bench.imu.probe = lambda: True
    bench.state.second()
    assert bench.state.found
    assert bench.sampler.starts == [(120, wire.SAMPLES)]
    assert bench.state.faults() == 0


def counters(bench, host=None):
    (answer,) = bench.ask(b"\x0f", host)
    return dict(zip(wire.COUNTER_NAMES, answer.values))


info_and_calibration()
clock_question_is_stamped_when_sent()
replies_go_before_clock_answers()
settings_are_changed_at_once_and_saved_once()
settings_that_cannot_be_saved_are_a_fault()
rate_and_mode()
one_host_receives()
resend_rules()
what_cannot_be_sent_is_refused()
a_flood_is_bounded_and_counted()
zero_of_the_gyroscope()
a_zero_that_never_comes()
reset_after_the_reply()
a_chip_that_comes_late_is_started()
print("ok")
