"""What `make accuracy` runs: python -m table [--fast] [--workers N] [--page FILE] [--pictures FOLDER]."""

from __future__ import annotations

import argparse
import sys
import time
from itertools import chain
from pathlib import Path

from table import data, filters, headline, page, plots, recorded, runs

PAGE = data.REPOSITORY / "docs" / "explanation" / "accuracy.md"
PICTURES = data.REPOSITORY / "docs" / "images"


def main() -> None:
    """Run everything, write page and pictures."""
    arguments = _arguments()
    if arguments.renew_headline:
        headline.renew(data.find())
        return
    began_s = time.monotonic()
    counts = runs.Counts().fast() if arguments.fast else runs.Counts()
    print(*(f"{name} {found}" for name, found in filters.versions().items()), sep=", ", file=sys.stderr)
    print(counts, file=sys.stderr)
    everything = _run(counts, arguments.workers)
    page.write(arguments.page, page.generated(everything))
    plots.draw(arguments.pictures, everything.results, counts.slow)
    print(f"{arguments.page} is written, {time.monotonic() - began_s:.0f} s in all", file=sys.stderr)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="table", description=__doc__)
    parser.add_argument("--fast", action="store_true", help="a tenth of the athletes")
    parser.add_argument("--workers", type=int, default=runs.WORKERS, help="processes; the figures do not depend on it")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page with the marks to write between")
    parser.add_argument("--pictures", type=Path, default=PICTURES, help="the folder that the pictures go to")
    parser.add_argument("--renew-headline", action="store_true", help="only take new reference figures for `make test`")
    return parser.parse_args()


def _run(counts: runs.Counts, workers: int) -> page.Everything:
    found = data.find()
    for problem in found.problems():
        print(problem, file=sys.stderr)
    trials = found.files("broad/*.npz") or found.files("broad/*.mat")
    broad = list(chain.from_iterable(runs.spread("BROAD", recorded.broad, trials, workers)))
    records = found.files("mpu6050_encoder/*.npz")
    encoder = list(chain.from_iterable(runs.spread("encoder", recorded.encoder, records, workers)))
    results = runs.merged(runs.spread("drill", runs.run, runs.jobs(counts), workers))
    people = recorded.people(found.folder)
    return page.Everything(counts, results, broad, encoder, people, found)


if __name__ == "__main__":
    main()
