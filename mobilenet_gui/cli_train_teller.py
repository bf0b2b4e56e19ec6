"""Owns how `mobilenet-gui train` tells how it goes: as text, JSON events, or a CSV row for each epoch."""

from __future__ import annotations

import math
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from mobilenet_gui.cli_output import EventTeller, Out, Records, complain
from mobilenet_gui.i18n import tr

if TYPE_CHECKING:
    from mobilenet_gui.training import protocol

_TELL_EVERY: Final = 1.0
"""Seconds between two lines about the same step."""


class TrainTeller(EventTeller):
    """Prints how it goes."""

    def __init__(self, out: Out, *, kind: str) -> None:
        super().__init__(out, kind=kind, stopped=tr("Stopped. Run the same command again to continue."))
        self._rows = Records(out, kind, _EPOCH_COLUMNS) if kind == "csv" else None
        self._compared_at: float | None = None

    def comparing(self, done: int, wanted: int) -> None:
        """Tell of the photos that were looked at before the training begins, once a second; in words only once."""
        from mobilenet_gui.training import protocol

        now, before = time.monotonic(), self._compared_at
        if before is None:
            self._compared_at = now
        elif now - before >= _TELL_EVERY:
            self._compared_at = now if self._json else math.inf
            if self._json:
                self.event(protocol.Progress("compare", done / max(wanted, 1)))
            else:
                self._line(_phase_words()["compare"])

    def event(self, event: protocol.Event) -> None:
        """Print what the worker tells."""
        from mobilenet_gui.training import protocol

        if isinstance(event, protocol.Progress):
            if self._json and event.phase in _phase_words():
                self._say({"event": "progress", **asdict(event)})
        elif self._json and isinstance(event, (protocol.Epoch, protocol.PhaseChanged)):
            self._say({"event": event.event, **_plain(asdict(event))})
        elif isinstance(event, protocol.Bases):
            if self._json:  # people are told by a note
                self._say({"event": event.event, **event.result})
        elif isinstance(event, protocol.Note):
            self.note(event.text, event.kind)
        elif isinstance(event, protocol.Unreadable):
            self.unreadable(event)
        elif isinstance(event, protocol.PhaseChanged):
            self._line(_phase_words().get(event.phase, event.phase))
        elif isinstance(event, protocol.Epoch) and self._rows is not None:
            self._rows.write(_plain(asdict(event)))
        elif isinstance(event, protocol.Epoch) and event.phase == "adapt":
            self._line(_epoch_text(event))

    def note(self, text: str, kind: str = "info") -> None:
        """Print a sentence that the user should read."""
        if self._json:
            self._say({"event": "note", "kind": kind, "text": text})
        else:
            complain(text)

    def unreadable(self, photo: protocol.Unreadable) -> None:
        """Tell of one photo that the training goes on without."""
        from mobilenet_gui.core.answers import error_record
        from mobilenet_gui.core.errors import PhotoError

        if self._json:
            self._say({"event": photo.event, **error_record(photo.path, photo.reason)})
        else:
            complain(str(PhotoError(photo.path, photo.reason)))

    def suspects(self, records: list[dict[str, Any]]) -> None:
        """Tell of photos whose label may be wrong, as `cli_suspects` has them."""
        from mobilenet_gui.cli_suspects import suspect_lines

        if self._json:
            for record in records:
                self._say({"event": "suspect", **record})
        else:
            for line in suspect_lines(records):
                self._line(line)

    def finished(self, result: dict[str, Any]) -> None:
        """Print what came of it."""
        if self._json:
            self._say({"event": "finished", **_plain(result)})
            return
        if result["accuracy"] is not None:
            self._line(
                tr("{percent} % of {n} test photos were recognised correctly.").format(
                    percent=f"{100 * result['accuracy']:.1f}", n=result["photos"]
                )
            )
        self._line(
            tr("Finished in {n} s. The model is in {folder}").format(
                n=round(result["seconds"]), folder=result["bundle"]
            )
        )
        if "installed" in result:
            self._line(tr("Installed as {id}.").format(id=result["installed"]))


_EPOCH_COLUMNS: Final = (
    "phase",
    "epoch",
    "epochs",
    "loss",
    "accuracy",
    "val_loss",
    "val_accuracy",
    "learning_rate",
    "seconds",
)


def _phase_words() -> dict[str, str]:
    return {
        "compare": tr("Looking for near-identical photos"),
        "photos": tr("Preparing photos"),
        "head": tr("Learning the classes"),
        "adapt": tr("Adapting the last layers"),
        "test": tr("Testing"),
    }


def _epoch_text(event: protocol.Epoch) -> str:
    parts = [
        tr("epoch {n} of {all}").format(n=event.epoch, all=event.epochs),
        tr("loss {n}").format(n=f"{event.loss:.3f}"),
        tr("{n} % of validation photos correct").format(n=f"{100 * event.val_accuracy:.1f}"),
    ]
    if event.seconds_left is not None:
        parts.append(tr("{n} s left").format(n=round(event.seconds_left)))
    return "  " + ", ".join(parts)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return values as strict JSON has them: what is no number is null."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}
