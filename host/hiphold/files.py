"""Output files: replaced whole or not at all, and told apart from each other by name when something goes wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hiphold.errors import BadInputError


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Say what the system said, with the name of the file."""
    try:
        yield
    except FileExistsError as error:
        raise BadInputError(f"{path} exists already; choose another name, a recording is never overwritten.") from error
    except OSError as error:
        raise BadInputError(f"{path} cannot be used: {error.strerror or error}.") from error


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """A temporary name beside `path`: moved onto it on success, removed on failure.

    Raises BadInputError when `path` is something else than a file, or cannot be written.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with told(path):
            if path.exists() and not path.is_file():
                raise BadInputError(f"{path} is not a file; name a file to write.")
            part.touch()
            part.unlink()
            yield part
            part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def write(path: Path | str, content: str | bytes) -> None:
    """Replace a file by this text (UTF-8) or these bytes once they are on the disk; errors as in `replacing`."""
    data = content.encode() if isinstance(content, str) else content
    with replacing(path) as part, part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
