"""The recording of one athlete's session. When it fails, that is said, and the session goes on without it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from hiphold.errors import HipholdError
from hiphold.recording import Recorder
from hiphold.samples import Event, Frame
from hiphold.session import archive
from hiphold.session.scene import RecordingState


class Record:
    """One file, from its first packet to its end."""

    def __init__(self, folder: Path, athlete: str, *, keep: bool) -> None:
        """keep: False deletes it at the end; until then it is what the session is judged anew from."""
        started = datetime.now().astimezone()
        self.path: Path | None = None
        self.started_at = started.isoformat(timespec="seconds")
        self.frames = 0
        """packets in it"""
        self.events: list[Event] = []
        self._keep = keep
        self._recorder: Recorder | None = None
        self._state = RecordingState("recording" if keep else "off")
        self._begun_ns = self._latest_ns = 0
        self._try(lambda: self._open(folder, athlete, started))

    def _open(self, folder: Path, athlete: str, started: datetime) -> None:
        self.path = archive.new_recording(folder, athlete, started)
        self._recorder = Recorder(self.path, self.started_at)
        self._state = replace(self._state, path=str(self.path) if self._keep else "")

    @property
    def state(self) -> RecordingState:
        """What is shown of it."""
        return replace(self._state, seconds=1e-9 * (self._latest_ns - self._begun_ns))

    @property
    def why_failed(self) -> str:
        """Why nothing more is written, as a sentence; empty while all is well."""
        return self._state.why

    @property
    def is_open(self) -> bool:
        """Whether what comes is written."""
        return self._recorder is not None

    @property
    def kept_path(self) -> str:
        """Where it is, when it is there to stay."""
        return str(self.path) if self._keep and self.path and self.path.exists() else ""

    def introduce(self, frame: Frame) -> None:
        """A packet from before the recording began."""
        self._write(lambda recorder: recorder.frame(frame))
        self.frames += 1

    def frame(self, frame: Frame) -> None:
        """One packet."""
        self._begun_ns = self._begun_ns or frame.arrival_ns
        self._latest_ns = max(self._latest_ns, frame.arrival_ns)
        self._write(lambda recorder: recorder.frame(frame))
        self.frames += 1

    def event(self, event: Event) -> None:
        """A marker, or a stand that was declared."""
        self.events.append(event)
        self._write(lambda recorder: recorder.event(event))

    def sync(self) -> None:
        """Put all of it on the disk."""
        self._write(Recorder.sync)

    def close(self) -> None:
        """Finish the file; one that is not wanted goes."""
        if self._recorder:
            self._write(Recorder.close)
            self._recorder = None
            self._state = replace(self._state, state="closed" if self._keep else "off")
        if self.path and not self._keep:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)

    def _write(self, what: Callable[[Recorder], None]) -> None:
        recorder = self._recorder
        if recorder:
            self._try(lambda: what(recorder))

    def _try(self, what: Callable[[], None]) -> None:
        """What cannot be written ends the recording; what is in the file stays."""
        try:
            what()
        except (HipholdError, OSError) as error:
            recorder, self._recorder = self._recorder, None
            if recorder:
                with suppress(Exception):
                    recorder.close()
            self._state = replace(self._state, state="failed", why=str(error))
