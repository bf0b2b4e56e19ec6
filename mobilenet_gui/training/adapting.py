"""Owns the phase in which the last blocks are adapted: epochs, the best of them, what is made of it, going on later.

It begins with the head that was learnt on the untouched network. After each epoch the weights half-way between the
untouched ones and a moving average of those that learn are judged on the validation photos, and the best are kept. Such
a mixture keeps what the network knew, and was more accurate on new photos than either end (Wortsman et al., "Robust
fine-tuning of zero-shot models", CVPR 2022; measured here as well). Of the best epoch mixtures that hold more of what
was learnt are tried, too, which pays where the network does not fit the photos. On the features the head is solved
anew, with the strength by the validation photos: those learnt from the network knows by heart. Of the head that learnt
along and the one solved anew, that is taken to which validation photos are likelier; where they are not clearly
likelier than to the untouched network with its own head, that stays.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.errors import ProjectError
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training import checkpoint
from mobilenet_gui.training.base import Base
from mobilenet_gui.training.batches import Photos
from mobilenet_gui.training.calibration import fit_temperature
from mobilenet_gui.training.checkpoint import Progress, Weights
from mobilenet_gui.training.control import Control
from mobilenet_gui.training.estimate import PaceBook, network_of
from mobilenet_gui.training.head import MOST_STEPS, class_weights, figures, log_softmax
from mobilenet_gui.training.head_training import HeadTraining, LearntHead, calibrated, counting
from mobilenet_gui.training.journal import Journal
from mobilenet_gui.training.material import Material
from mobilenet_gui.training.model_making import Trained
from mobilenet_gui.training.presets import Recipe
from mobilenet_gui.training.run_folder import EpochRecord, RunFolder
from mobilenet_gui.training.schedule import learning_rate, plateau_factor
from mobilenet_gui.training.shown import shown_of

if TYPE_CHECKING:
    from mobilenet_gui.training.adapt_network import AdaptNetwork

MIXTURE: Final = 0.5
"""The share of the adapted weights in what is judged after an epoch."""
_FURTHER: Final = (0.75, 1.0)
"""Shares that are tried at the end as well: where the network does not fit the photos, more of it has to change."""
_AVERAGE: Final = 0.9
_ANSWERS_AT_ONCE: Final = 32
_LEAST: Final = 1e-12
_WITHOUT: Final = 1.05
"""What a head that learnt along has to make up for: the others learn from the validation photos as well in the end."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """What the phase works with; see `trainer`."""

    base: Base
    recipe: Recipe
    material: Material
    head: LearntHead
    folder: RunFolder
    cache_dir: Path
    journal: Journal
    control: Control


def adapt(setting: Setting, otherwise: Trained, make_network: Callable[..., AdaptNetwork] | None = None) -> Trained:
    """Adapt the last blocks.

    Args:
        setting: what to work with.
        otherwise: the untouched network with its head; taken where adapting does not help.
        make_network: makes the Keras side; by default `AdaptNetwork`.

    Raises:
        Cancelled: it was told to stop; the last finished epoch is kept for another time.
        StorageError: the disk refused a checkpoint.
        MemoryError: there is not enough memory even for one photo at a time.
    """
    if make_network is None:
        from mobilenet_gui.training.adapt_network import AdaptNetwork

        make_network = AdaptNetwork
    return _Adapting(setting, otherwise, make_network).run()


def _hopeless(recipe: Recipe) -> int:
    """Return after how many epochs without any progress none is expected: half the patience that progress earns."""
    return (recipe.patience + 1) // 2


def _clearly(gains: Floats) -> bool:
    """Say whether photos gain by more than one standard error: on few of them the last percent says nothing."""
    return float(gains.mean()) > float(gains.std()) / math.sqrt(len(gains))


class _Adapting:
    def __init__(self, setting: Setting, otherwise: Trained, make_network: Callable[..., AdaptNetwork]) -> None:
        self._s, self._otherwise = setting, otherwise
        base, recipe = setting.base, setting.recipe
        setting.journal.phase("adapt", setting.journal.head_epochs + recipe.epochs)
        architecture, arrays = base.with_head(setting.head.early.kernel, setting.head.early.bias)
        self._network = make_network(
            architecture,
            arrays,
            recipe.input_size,
            blocks=recipe.unfreeze_blocks,
            normalization=base.bundle.preprocessing.normalization,
            last_layer=base.last_layer,
            smoothing=recipe.label_smoothing,
        )
        self._photos = Photos(setting.material.items, base.preprocessing(recipe.input_size), recipe.seed)
        self._labels = setting.material.labels()
        self._train = setting.material.places("train")
        self._validation = setting.material.places("validation")
        weights = np.ones(len(self._labels))
        if recipe.class_weights:
            weights[self._train] = class_weights(self._labels[self._train], len(setting.material.classes))
        self._weights = weights.astype(np.float32)
        self._untouched = self._network.weights
        self._belongs_to = checkpoint.fingerprint(base, recipe, setting.material)
        self._answers_at_once = _ANSWERS_AT_ONCE

    def run(self) -> Trained:
        progress = self._begin()
        times = self._epochs(progress)
        if times:
            book = PaceBook(self._s.cache_dir)
            network = network_of(self._s.base.bundle, self._s.recipe.input_size, self._s.recipe.unfreeze_blocks)
            book.put("learnt", network, statistics.median(times) / max(1, len(self._train)))
        if progress.best_epoch == 0:
            self._s.journal.note(
                tr("Adapting the network made it no better, so the first phase's result is kept."), "info"
            )
            return self._otherwise
        return self._settle(progress)

    # -- epochs ---------------------------------------------------------------------------------------------------

    def _begin(self) -> Progress:
        recipe, folder = self._s.recipe, self._s.folder
        self._network.prepare(recipe.learning_rate)
        kept = (
            checkpoint.load(folder.checkpoint_dir, self._belongs_to, self._untouched)
            if self._s.journal.resumed
            else None
        )
        self._s.journal.keep_epochs(*((0, {}) if kept is None else (kept.epoch, kept.record)))
        if kept is not None:
            self._network.weights = kept.weights
            self._network.optimizer_state = kept.optimizer
            self._fit_into_memory(kept)
            self._record_best(kept)
            self._s.journal.note(
                trn("Going on after epoch {n}.", "Going on after epoch {n}.", kept.epoch).format(
                    n=kept.head_epochs + kept.epoch
                ),
                "resumed",
            )
            return kept
        start = self._untouched
        progress = Progress(0, self._s.journal.head_epochs, recipe.batch_size, weights=start, average=start, best=start)
        self._fit_into_memory(progress)
        if len(self._validation):
            progress.best_loss = self._judged(self._validation)[0]
        return progress

    def _fit_into_memory(self, progress: Progress) -> None:
        """Take no more photos at a time than the memory did for; half as many where the process was ended for it."""
        state = self._s.journal.state
        if state.batch_size:
            progress.batch_size = min(progress.batch_size, state.batch_size)
        if state.memory_ran_out:
            self._halve(progress)
        if progress.batch_size < self._s.recipe.batch_size:
            self._answers_at_once = min(self._answers_at_once, progress.batch_size)

    def _halve(self, progress: Progress) -> None:
        """Take half as many photos a step as there were, say so, and keep it in mind for whoever goes on."""
        progress.batch_size = max(1, min(progress.batch_size, len(self._train)) // 2)
        self._tell_halved(progress.batch_size)
        self._s.journal.record(batch_size=progress.batch_size, memory_ran_out=False)

    def _epochs(self, progress: Progress) -> list[float]:
        """Go through the epochs that are left; returns how long each took."""
        recipe, journal, control = self._s.recipe, self._s.journal, self._s.control
        times: list[float] = []
        while progress.epoch < recipe.epochs and not control.finishing:
            if recipe.patience and progress.waited >= (recipe.patience if progress.best_epoch else _hopeless(recipe)):
                journal.note(tr("It stopped early, because it no longer got better."), "early")
                break
            began, stood = time.monotonic(), control.paused_seconds
            loss, accuracy = self._epoch(progress)
            if loss is None:
                break
            if not math.isfinite(loss) or not all(np.isfinite(w).all() for w in progress.average):
                journal.note(
                    tr("The figures broke down, so the best epoch so far is kept. A lower learning rate may help."),
                    "nan",
                )
                self._network.weights = progress.best
                break
            self._leave_out_gone()
            val_loss, val_accuracy = self._judge(progress)
            took = time.monotonic() - began - (control.paused_seconds - stood)
            times.append(took)
            left = statistics.median(times) * (recipe.epochs - progress.epoch) + self._settling_seconds(took)
            record = EpochRecord(
                "adapt",
                progress.head_epochs + progress.epoch,
                progress.head_epochs + recipe.epochs,
                loss,
                accuracy,
                val_loss,
                val_accuracy,
                took,
                learning_rate(recipe, progress.epoch - 1e-9, progress.rate_factor),
            )
            progress.record = record.to_data()
            checkpoint.save(self._s.folder.checkpoint_dir, progress, self._belongs_to)
            journal.epoch(record, seconds_left=left, speed=len(self._train) / max(took, 1e-6))
            self._record_best(progress)
        return times

    def _record_best(self, progress: Progress) -> None:
        self._s.journal.record(best_epoch=progress.head_epochs + progress.best_epoch)  # 0 is where it began

    def _epoch(self, progress: Progress) -> tuple[float | None, float]:
        """Go through the photos once; with half the batch size again where the memory runs out.

        Returns:
            The mean loss, None where it was told to finish in between; and the share answered correctly.
        """
        while True:
            try:
                return self._pass(progress)
            except MemoryError:
                if progress.batch_size == 1:
                    raise
                self._halve(progress)
                self._network.weights = progress.weights
                self._network.prepare(self._s.recipe.learning_rate)
                if progress.optimizer:  # as it was before the epoch
                    self._network.optimizer_state = progress.optimizer

    def _tell_halved(self, photos: int) -> None:
        text = trn(
            "The memory ran out; it goes on with {n} photo at a time.",
            "The memory ran out; it goes on with {n} photos at a time.",
            photos,
        )
        self._s.journal.note(text.format(n=photos), "batch")

    def _pass(self, progress: Progress) -> tuple[float | None, float]:
        control, epoch, size = self._s.control, progress.epoch, progress.batch_size
        order = np.random.default_rng((self._s.recipe.seed, epoch)).permutation(self._train)
        order = order[~np.isin(order, list(self._photos.gone))]
        average = progress.average
        self._network.reseed((self._s.recipe.seed, epoch))
        total = right = 0.0
        seen = 0
        varied = self._s.recipe.augmentation
        for places, pixels in self._photos.batches(order, size, epoch=epoch + 1, augmentation=varied):
            control.check()
            if control.finishing:
                return None, math.nan
            rate = learning_rate(self._s.recipe, epoch + seen / max(1, len(order)), progress.rate_factor)
            loss, accuracy = self._network.step(pixels, self._labels[places], self._weights[places], rate)
            seen += len(places)
            total, right = total + loss * len(places), right + accuracy * len(places)
            average = [
                _AVERAGE * mean + (1 - _AVERAGE) * now for mean, now in zip(average, self._network.weights, strict=True)
            ]
            control.report("adapt", (epoch + seen / max(1, len(order))) / self._s.recipe.epochs)
            if not math.isfinite(loss):
                return loss, math.nan
        progress.epoch += 1
        progress.weights, progress.average = self._network.weights, average
        progress.optimizer = self._network.optimizer_state
        return total / max(1, seen), right / max(1, seen)

    def _judge(self, progress: Progress) -> tuple[float, float]:
        """Judge the average on the validation photos and keep it if it is the best; without any, the last is."""
        self._network.weights = self._mixed(progress.average)
        loss, accuracy = self._judged(self._validation)
        self._network.weights = progress.weights
        if not len(self._validation) or loss < progress.best_loss:
            progress.best, progress.best_epoch, progress.best_loss = progress.average, progress.epoch, loss
            progress.waited = 0
        else:
            progress.waited += 1
            progress.rate_factor *= plateau_factor(self._s.recipe, progress.waited)
        return loss, accuracy

    def _judged(self, places: NDArray[np.int64]) -> tuple[float, float]:
        _, probabilities, kept = self._answers(places)
        found = figures(np.log(np.maximum(probabilities, _LEAST)), self._labels[kept])
        return found.loss, found.accuracy

    def _answers(self, places: NDArray[np.int64]) -> tuple[Floats, Floats, NDArray[np.int64]]:
        """Return features and probabilities of photos shown as they are, and which of them could be read.

        Half as many at a time again where the memory runs out.
        """
        while True:
            try:
                return self._asked(places)
            except MemoryError:
                if self._answers_at_once == 1:
                    raise
                self._answers_at_once //= 2
                self._tell_halved(self._answers_at_once)

    def _asked(self, places: NDArray[np.int64]) -> tuple[Floats, Floats, NDArray[np.int64]]:
        features: list[Floats] = []
        probabilities: list[Floats] = []
        kept: list[NDArray[np.int64]] = []
        for some, pixels in self._photos.batches(places, self._answers_at_once):
            self._s.control.check()
            inner, outer = self._network.answers(pixels)
            features.append(inner)
            probabilities.append(outer)
            kept.append(some)
        if not kept:
            return np.zeros((0, 0), np.float32), np.zeros((0, len(self._s.material.classes)), np.float32), places[:0]
        return np.concatenate(features), np.concatenate(probabilities), np.concatenate(kept)

    def _leave_out_gone(self) -> None:
        gone = self._photos.gone
        if not gone:
            return
        self._s.journal.note(
            trn(
                "{n} photo vanished during the training and is left out.",
                "{n} photos vanished during the training and are left out.",
                len(gone),
            ).format(n=len(gone)),
            "missing",
        )
        left = self._train[~np.isin(self._train, list(gone))]
        if len(np.unique(self._labels[left])) < 2:
            raise ProjectError(
                self._s.folder.path.name, tr("The photos vanished during the training. Put them back and go on.")
            )

    # -- the end --------------------------------------------------------------------------------------------------

    def _settling_seconds(self, epoch_seconds: float) -> float:
        return 5.0 + epoch_seconds

    def _settle(self, progress: Progress) -> Trained:
        """Mix, solve the head anew, and take what makes the validation photos most likely."""
        setting, material = self._s, self._s.material
        self._network.weights = self._best_mixture(progress.best)
        features, probabilities, kept = self._answers(np.arange(len(material.items)))
        lost = self._classes_lost(kept)
        if lost:  # the first phase has seen their photos, and so knows all of the classes
            setting.journal.note(
                trn(
                    "The photos of {names} vanished during the training, so the first phase's result is kept.",
                    "The photos of {names} vanished during the training, so the first phase's result is kept.",
                    len(lost),
                ).format(names=", ".join(f"“{name}”" for name in lost)),
                "missing",
            )
            return self._otherwise
        left = material.only(kept, setting.folder.path.name)
        learning = HeadTraining(features, left, setting.recipe, setting.journal, setting.control, by_heart=True)
        head = learning.learn(quiet=True, steps=MOST_STEPS)
        kernel, bias = head.final.kernel, head.final.bias
        temperature, sure_from = head.temperature, head.sure_from
        arrays = self._network.arrays()
        validation = left.places("validation")
        if len(validation):
            labels = left.labels()[validation]
            anew = head.early.logits(features[validation])
            along = np.log(np.maximum(probabilities[validation], _LEAST))
            found = {"anew": self._losses(anew, labels), "along": _WITHOUT * self._losses(along, labels)}
            # A head that learnt along knows nothing of how readily "none of these" may be answered.
            best = "anew" if left.background is not None else min(found, key=lambda name: float(found[name].mean()))
            if not _clearly(self._losses(self._before(left, validation), labels) - found[best]):
                setting.journal.note(
                    tr("Adapting the network made it no better, so the first phase's result is kept."), "info"
                )
                return self._otherwise
            if best == "along":
                kernel, bias = arrays[setting.base.last_layer]
                kernel = kernel.reshape(-1, len(bias))
            # Only the validation photos are new to the adapted network; spoilt views of them are no photos.
            plain = np.array([left.items[place].view == "plain" for place in validation])
            logits = anew if best == "anew" else along
            temperature, sure_from = calibrated(logits[plain], labels[plain])
        else:  # nothing tells how sure it may be, save the untouched network
            temperature, sure_from = setting.head.temperature, setting.head.sure_from
        architecture, arrays = setting.base.with_head(kernel, bias, arrays)
        return Trained(
            architecture,
            arrays,
            self._network.to_tflite(arrays),
            setting.recipe.input_size,
            temperature,
            sure_from,
            shown_of(features, left, setting.base.bundle, learnt=True, seed=setting.recipe.seed),
        )

    def _losses(self, logits: Floats, labels: NDArray[np.int64]) -> Floats:
        """Return each photo's cross-entropy under a layer at its best temperature, as much as its class counts."""
        weights = counting(labels, self._s.recipe)
        losses = -log_softmax(logits / fit_temperature(logits, labels))[np.arange(len(labels)), labels]
        found: Floats = (losses * weights / weights.mean()).astype(np.float32) if len(labels) else losses
        return found

    def _classes_lost(self, kept: NDArray[np.int64]) -> list[str]:
        """Return the classes none of whose photos can be learnt from any more."""
        left = set(self._labels[np.intersect1d(kept, self._train)].tolist())
        return [name for label, name in enumerate(self._s.material.classes) if label not in left]

    def _mixed(self, learnt: Weights, share: float = MIXTURE) -> Weights:
        pairs = zip(self._untouched, learnt, strict=True)
        return [((1 - share) * before + share * after).astype(np.float32) for before, after in pairs]

    def _best_mixture(self, learnt: Weights) -> Weights:
        """Return the mixture to take: more of what was learnt only where validation photos clearly want it."""
        best = self._mixed(learnt)
        found: Floats | None = None
        for mixture in (best, *(self._mixed(learnt, share) for share in _FURTHER if len(self._validation))):
            self._network.weights = mixture
            _, probabilities, kept = self._answers(self._validation)
            losses = self._losses(np.log(np.maximum(probabilities, _LEAST)), self._labels[kept])
            if found is None or (len(found) == len(losses) and _clearly(found - losses)):
                best, found = mixture, losses
        return best

    def _before(self, left: Material, validation: NDArray[np.int64]) -> Floats:
        """Return what the untouched network with its head says of the validation photos, as logits."""
        where = {item.sample.id + item.view: n for n, item in enumerate(self._s.material.items)}
        places = [where[left.items[n].sample.id + left.items[n].view] for n in validation]
        before: Floats = self._s.head.early_logits[places]
        return before
