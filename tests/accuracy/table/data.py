"""The recorded data: where they are, and whether they are the files that these figures were made from."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
SUMS = Path(__file__).with_name("SHA256SUMS")
PAGE = "docs/howto/accuracy-data.md"


@dataclass(frozen=True)
class Data:
    """A folder of recorded data and what is the matter with it."""

    folder: Path
    missing: tuple[str, ...]
    """listed in SUMS, not there"""
    different: tuple[str, ...]
    """there, with other bytes"""

    def files(self, pattern: str) -> list[Path]:
        """All that match, by name: also ones that SUMS does not know."""
        return sorted(self.folder.glob(pattern))

    def problems(self) -> list[str]:
        """A sentence for each file that is not as it was."""
        if not self.folder.is_dir():
            return [
                f"there is no folder {self.folder.name}/ with recorded data: set HIPHOLD_DATA ({PAGE} says to what)."
            ]
        said = [f"{name} is missing; {PAGE} says where it comes from." for name in self.missing]
        return said + [
            f"{name} is not the file that the figures of this page were made from." for name in self.different
        ]


def listed() -> dict[str, str]:
    """File name -> sha256, of SUMS."""
    lines = (line.split(maxsplit=1) for line in SUMS.read_text("utf-8").splitlines())
    return {name: digest for digest, name in lines}


def find() -> Data:
    """$HIPHOLD_DATA, or ../shared/data beside the repository."""
    folder = Path(os.environ.get("HIPHOLD_DATA", REPOSITORY.parent / "shared" / "data"))
    there = {name: (folder / name).is_file() for name in listed()}
    different = [name for name, digest in listed().items() if there[name] and _sha256(folder / name) != digest]
    return Data(folder, tuple(name for name, is_there in there.items() if not is_there), tuple(different))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
