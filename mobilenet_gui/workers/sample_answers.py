"""Owns the photos that ship for trying out and what the model in use says of them: asked one by one, kept on the disk.

The network that is loaded anyway answers, between two other photos, so nothing waits for more than one of these. What
is kept goes with the very model, program and photos; anything else is asked anew.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Signal, Slot

from mobilenet_gui import __version__, paths
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.class_names import shown_name
from mobilenet_gui.core.kept_json import UNREADABLE, read_kept, write_kept
from mobilenet_gui.core.manifest import to_json
from mobilenet_gui.core.sound_text import is_sound
from mobilenet_gui.core.types import CropBox
from mobilenet_gui.workers.inference import InferenceWorker
from mobilenet_gui.workers.photo_tasks import Errand, TaskRunner
from mobilenet_gui.workers.photo_threads import stand_back

if TYPE_CHECKING:
    from mobilenet_gui.core.bundle import ClassifierHead
    from mobilenet_gui.core.recognizer import Recognizer

SOURCE: Final = "samples"
"""How the recogniser knows these questions from those of a camera."""
SHOWN: Final[Mapping[str, str]] = {
    "lighthouse": "n02814860",
    "golf-ball": "n03445777",
    "daisy": "n11939491",
    "traffic-light": "n06874185",
    "hot-air-balloon": "n02782093",
    "fly-agaric": "n12998815",
    "strawberries": "n07745940",
}
"""What each sample photo shows, by the name of its file: the WordNet id. In the order in which they are offered."""
EXPLAINED: Final = "lighthouse"
"""The sample photo whose heat map is shown."""

Heat = tuple[tuple[float, ...], ...]
_MOST_CELLS: Final = 64
"""Rows and columns of a heat map that is believed."""


@dataclass(frozen=True, slots=True)
class SampleAnswer:
    """The most probable class for a sample photo.

    Attributes:
        id: the class's WordNet id.
        label: the model's own word for it.
        probability: 0-1.
        heat: where the model looked, rows of 0-1, for the photo `EXPLAINED` alone.
        crop: the part of the photo that the network saw, where there is a heat map.
    """

    id: str
    label: str
    probability: float
    heat: Heat = ()
    crop: CropBox | None = None

    @property
    def shown(self) -> str:
        """The class's name for people."""
        return shown_name(self.id, self.label)


class SampleAnswers(QObject):
    """Asks the model in use. Lives in the window's thread.

    Attributes:
        answered: the name of a photo's file without its suffix, and its `SampleAnswer`.
    """

    answered = Signal(str, object)

    def __init__(self, inference: InferenceWorker, tasks: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._inference = inference
        self._tasks = tasks
        self._round = 0
        self._bundle: Bundle | None = None
        self._photos: tuple[Path, ...] = ()
        self._left: deque[Path] = deque()
        self._found: dict[str, SampleAnswer] = {}
        inference.live_answered.connect(self._hear)

    def ask(self, bundle: Bundle | None, photos: Sequence[Path]) -> None:
        """Ask `bundle`, which must be the model in use, and forget what was asked before; None asks nobody.

        Nothing is heard of a model that does not know all that the photos show: it would be wrong whatever it says.
        """
        self._round += 1
        self._bundle, self._photos, self._found = bundle, tuple(photos), {}
        self._left.clear()
        if bundle is not None and photos and knows(bundle, photos):
            asked = self._round
            self._tasks.run(
                lambda _errand: _read(bundle, photos),
                done=lambda kept: self._take_kept(asked, kept),
                failed=lambda _error: None,
                receiver=self,
            )

    def _take_kept(self, asked: int, kept: Mapping[str, SampleAnswer]) -> None:
        if asked != self._round:
            return
        if kept:
            for name, answer in kept.items():
                self.answered.emit(name, answer)
        else:
            self._left.extend(self._photos)
            self._next()

    def _next(self) -> None:
        import numpy as np  # the network has loaded it

        if self._left and self._bundle is not None:
            look = partial(_look, self._bundle, self._left.popleft())
            self._inference.submit_task(SOURCE, look, np.zeros((0, 0, 3), np.uint8), self._round)

    @Slot(str, int, object)
    def _hear(self, source: str, asked: int, result: object) -> None:
        if source != SOURCE or asked != self._round or not isinstance(result, tuple):
            return
        name, answer = result
        self._found[name] = answer
        self.answered.emit(name, answer)
        bundle, photos, found = self._bundle, self._photos, dict(self._found)
        if self._left:
            self._next()
        elif bundle is not None:

            def keep(_errand: Errand) -> None:
                _write(bundle, photos, found)

            self._tasks.run(keep, done=lambda _nothing: None, failed=lambda _error: None)


def sample_photos() -> list[Path]:
    """Return the photos that ship for trying out, in the order in which they are offered; none without their folder."""
    order = list(SHOWN)
    return sorted(paths.sample_photos(), key=lambda path: order.index(path.stem) if path.stem in order else len(order))


def knows(bundle: Bundle, photos: Sequence[Path]) -> bool:
    """Return whether a model has a class for all that the sample photos show."""
    known = {label.id for label in bundle.labels}
    return all(SHOWN.get(path.stem, "") in known - {""} for path in photos)


def _look(
    bundle: Bundle, path: Path, recognizer: Recognizer, head: ClassifierHead | None
) -> tuple[str, SampleAnswer] | None:
    """Answer for one photo, in the network's thread; None where another model has taken over."""
    from mobilenet_gui.core import imaging
    from mobilenet_gui.core.explain import heat_map

    if recognizer.bundle is not bundle:
        return None
    photo = imaging.decode_for(path, bundle.preprocessing)
    explain = path.stem == EXPLAINED and head is not None
    answer = recognizer.recognize(photo, want_features=explain)
    best = answer.best
    heat: Heat = ()
    if explain and head is not None and answer.features is not None:
        heat = tuple(tuple(round(v, 4) for v in row) for row in heat_map(answer.features, head, best.index).tolist())
    return path.stem, SampleAnswer(best.id, best.label, best.probability, heat, answer.crop if heat else None)


def _kept_file() -> Path:
    return paths.cache_dir() / "sample-answers.json"


def _key(bundle: Bundle, photos: Sequence[Path]) -> str:
    """Return what answers depend on: the model with all that stands in its manifest, the program, the photos."""
    about = [to_json(bundle.manifest), __version__]
    about += [hashlib.sha256(path.read_bytes()).hexdigest() for path in photos]
    return hashlib.sha256("\n".join(about).encode()).hexdigest()


def _read(bundle: Bundle, photos: Sequence[Path]) -> dict[str, SampleAnswer]:
    """Return the answers kept of this model; none where one is missing or unsound."""
    stand_back()
    try:
        raw = read_kept(_kept_file())
        if raw["key"] != _key(bundle, photos):
            return {}
        return {path.stem: _answer(raw["answers"][path.stem]) for path in photos}
    except (*UNREADABLE, KeyError, TypeError, IndexError):
        return {}


def _answer(raw: Any) -> SampleAnswer:
    """Return one kept answer.

    Raises:
        ValueError, TypeError, KeyError: it is unsound.
    """
    heat = tuple(tuple(float(v) for v in row) for row in raw["heat"])
    answer = SampleAnswer(
        raw["id"], raw["label"], float(raw["probability"]), heat, CropBox(*map(float, raw["crop"])) if heat else None
    )
    shares = [answer.probability, *(v for row in heat for v in row), *(map(float, raw["crop"]))]
    square = len(heat) <= _MOST_CELLS and all(0 < len(row) == len(heat[0]) <= _MOST_CELLS for row in heat)
    if not (is_sound(answer.id) and is_sound(answer.label) and square and all(0 <= v <= 1 for v in shares)):
        raise ValueError(raw)
    return answer


def _write(bundle: Bundle, photos: Sequence[Path], answers: Mapping[str, SampleAnswer]) -> None:
    """Keep answers for the next start; where the disk refuses they are asked anew."""
    kept = {
        name: {
            "id": answer.id,
            "label": answer.label,
            "probability": answer.probability,
            "heat": answer.heat,
            "crop": [] if (box := answer.crop) is None else [box.left, box.top, box.right, box.bottom],
        }
        for name, answer in answers.items()
    }
    try:
        write_kept(_kept_file(), json.dumps({"key": _key(bundle, photos), "answers": kept}))
    except OSError:
        return
