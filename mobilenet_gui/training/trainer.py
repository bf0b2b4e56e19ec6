"""Owns a training from beginning to end: photos, head, adapting, model, test; its state on the disk at every step.

Without blocks to adapt nothing here needs TensorFlow: the features come from LiteRT, the head is solved in NumPy and
put into a copy of the base's own .tflite. That is what makes Fast, and learning from a correction, a matter of seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mobilenet_gui.core.errors import Cancelled, UserError
from mobilenet_gui.core.explain import through
from mobilenet_gui.core.manifest import LEARNT_BYTES
from mobilenet_gui.core.store_files import discard
from mobilenet_gui.core.strangers import Shown
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training import checkpoint, protocol
from mobilenet_gui.training.base import Base, feature_bundle, hidden_layers, open_base
from mobilenet_gui.training.base_trial import tried_text, try_bases
from mobilenet_gui.training.control import Control
from mobilenet_gui.training.doctor_class_rules import FEW_PHOTOS
from mobilenet_gui.training.estimate import PaceBook, Work, learn_from, network_of
from mobilenet_gui.training.feature_store import FeatureStore
from mobilenet_gui.training.features import collect
from mobilenet_gui.training.head_training import HeadTraining, LearntHead
from mobilenet_gui.training.held_out import write_held_out
from mobilenet_gui.training.job import TrainJob
from mobilenet_gui.training.journal import Journal
from mobilenet_gui.training.material import Material, gather
from mobilenet_gui.training.model_making import Trained, make_model, record_accuracy
from mobilenet_gui.training.presets import Recipe, recipe_for
from mobilenet_gui.training.replace_head import replace_head
from mobilenet_gui.training.run_folder import RunFolder, RunSpec, RunState
from mobilenet_gui.training.shown import near_text, shown_of

if TYPE_CHECKING:
    from mobilenet_gui.training.evaluation_types import Evaluation

_ENOUGH_TO_MEASURE: Final = 20
_TOLD_CLASSES: Final = 5
_TRYING: Final = 0.5
"""Share of the phase in which photos are prepared, where models are tried in it."""


def train(job: TrainJob, control: Control) -> dict[str, Any]:
    """Do what a run folder says; see `TrainJob` for the result.

    Args:
        job: the run folder, and whether to go on where it was.
        control: is told how it goes, and stops, pauses or ends it.

    Raises:
        UserError: it cannot be done, in words; they are in the run's state as well.
        Cancelled: it was told to stop.
    """
    folder = RunFolder(job.run_folder)
    spec = folder.spec()
    with folder.lock():
        return _Training(folder, spec, control, resume=job.resume).run()


class _Training:
    def __init__(self, folder: RunFolder, spec: RunSpec, control: Control, *, resume: bool) -> None:
        self._folder, self._spec, self._control = folder, spec, control
        before = folder.state() if resume else RunState()
        resumed = any(record.phase == "adapt" for record in before.history)
        state = RunState(
            status="running",
            history=before.history if resumed else (),
            best_epoch=before.best_epoch if resumed else 0,
            seconds=before.seconds or spec.prepared,
            notes=before.notes if resumed else (),
            batch_size=before.batch_size,
            memory_ran_out=before.memory_ran_out,
        )
        self._before = before.seconds
        self._journal = Journal(folder, control, state, resumed=resumed)

    def run(self) -> dict[str, Any]:
        try:
            return self._run()
        except Cancelled:
            raise
        except UserError as error:
            self._fail(str(error))
            raise
        except MemoryError as error:
            reason = tr("There is not enough memory. Close other programs, or choose a smaller input size.")
            self._fail(reason)
            raise UserError(self._spec.name, reason) from error
        except Exception as error:
            self._fail(f"{type(error).__name__}: {error}"[:500])
            raise

    def _fail(self, reason: str) -> None:
        try:
            self._journal.close("failed", error=reason)
        except UserError:  # the disk refuses this as well; a run that nobody holds counts as interrupted
            return

    def _run(self) -> dict[str, Any]:
        spec, journal, control = self._spec, self._journal, self._control
        journal.phase("photos")
        for text in spec.notes:
            journal.note(text, "understood")
        material = gather(spec)
        began, stood = time.monotonic(), control.paused_seconds
        tried = self._choose_base(material) if spec.candidates else 0.0
        trying = time.monotonic() - began - (control.paused_seconds - stood)
        spec = self._spec
        base = open_base(spec.base_folder)
        recipe = recipe_for(spec.settings, base.input_size)
        self._tell_dropped(material)
        began, stood = time.monotonic(), control.paused_seconds
        network = feature_bundle(base, recipe.input_size, spec.cache_dir, control.report, self._folder.spare_dir)
        making = time.monotonic() - began - (control.paused_seconds - stood)  # only ever once
        began, stood = time.monotonic(), control.paused_seconds
        with FeatureStore(spec.cache_dir) as store:
            features = collect(
                [item.shot for item in material.items],
                network,
                store,
                base.key,
                threads=spec.settings.threads,
                progress=lambda fraction: control.report("photos", tried + (1 - tried) * fraction),
            )
        if features.computed >= _ENOUGH_TO_MEASURE:
            took = time.monotonic() - began - (control.paused_seconds - stood)
            PaceBook(spec.cache_dir).put("seen", network_of(base.bundle, recipe.input_size), took / features.computed)
        values = features.values
        learnt = frozenset(content for place, content in features.contents.items() if place not in features.failed)
        before = base.bundle.manifest.provenance.learnt_photos
        known = not before.isdisjoint(content[:LEARNT_BYTES] for content in learnt)
        if features.failed:
            # Where strangers are to be rejected, a photo is looked at more than once.
            unread = {material.items[place].sample.path: error.reason for place, error in features.failed.items()}
            self._tell_unread(list(unread.items()), missing_text)
            material = material.without(features.failed, spec.name)
            self._tell_dropped(material)
            values = np.delete(values, list(features.failed), axis=0)
        hidden = hidden_layers(network)
        if hidden is not None:
            values = through(hidden.layers, values)
        head = HeadTraining(values, material, recipe, journal, control, by_heart=known).learn(quiet=journal.resumed)
        # A model of the user's own has learnt from photos of the same kind, maybe from these.
        own = known or base.bundle.tells_strangers
        shown = shown_of(values, material, base.bundle, learnt=own, seed=recipe.seed)
        computed = features.computed
        del features, values  # a hundred megabytes, where there are many photos
        self._keep_held_out(material, head)
        if text := few_text(material, head):
            self._journal.note(text)
        trained = self._built(base, network.tflite_bytes(), head, shown, recipe.input_size)
        if recipe.adapts:
            from mobilenet_gui.training.adapting import Setting, adapt

            trained = adapt(
                Setting(base, recipe, material, head, self._folder, spec.cache_dir, journal, control), trained
            )
        result = self._finished(base, trained, material, learnt)
        if not self._before:
            self._note_time(base, recipe, material, computed, journal.seconds - making - trying - spec.prepared)
        return result

    def _choose_base(self, material: Material) -> float:
        """Find the best of the candidates, and have the run start from it; return the share of the photos' phase."""
        spec, control = self._spec, self._control
        tried = try_bases(
            spec.candidates,
            material,
            spec.cache_dir,
            spare=self._folder.spare_dir,
            threads=spec.settings.threads,
            seed=spec.settings.seed,
            report=control.report,
            progress=lambda fraction: control.report("photos", _TRYING * fraction),
        )
        best = tried[0].folder if tried else spec.base_folder
        self._spec = replace(spec, base_folder=best, candidates=())
        # From now on it is this one, also for who goes on after a crash.
        self._folder.write_spec(self._spec, self._journal.state)
        if tried:
            rows = [{"id": one.id, "name": one.name, "accuracy": one.accuracy, "loss": one.loss} for one in tried]
            control.say(protocol.Bases({"tried": rows}))
            self._journal.note(tried_text(tried), "base")
        return _TRYING

    def _tell_dropped(self, material: Material) -> None:
        for name in material.dropped:
            text = tr("“{name}” has no photos to learn from and is left out.").format(name=name)
            self._journal.note(text, "missing")

    def _tell_unread(self, photos: Sequence[tuple[Path, str]], words: Callable[[int], str]) -> None:
        """Name each photo (file and reason) to whoever watches, and note how many there are."""
        for path, reason in photos:
            self._control.say(protocol.Unreadable(str(path), reason))
        self._journal.note(words(len(photos)), "missing")

    def _note_time(self, base: Base, recipe: Recipe, material: Material, computed: int, seconds: float) -> None:
        epochs = sum(record.phase == "adapt" for record in self._journal.state.history)
        train, validation = (len(material.places(part)) for part in ("train", "validation"))
        work = Work(computed + len(material.test), train, validation, epochs)
        learn_from(base.bundle, recipe, work, seconds, self._spec.cache_dir)

    def _tell_resembling(self, evaluation: Evaluation) -> None:
        """Say what is right of the test photos less those that resemble one to learn from."""
        flattering = self._spec.resembling
        rest = [answer for answer in evaluation.tested if answer.id not in flattering]
        if flattering and rest:
            text = tr("Of the test photos that resemble no training photo, {share} % are correct.")
            self._journal.note(text.format(share=f"{100 * sum(a.correct for a in rest) / len(rest):.1f}"), "understood")

    def _keep_held_out(self, material: Material, head: LearntHead) -> None:
        labels = material.labels()
        plain = [row for row, place in enumerate(head.held) if material.items[place].view == "plain"]
        places = [int(head.held[row]) for row in plain]
        samples = [material.items[place].sample for place in places]
        write_held_out(
            self._folder.held_out_path,
            samples,
            labels[places].tolist(),
            head.held_logits[plain],
            material.classes,
            temperature=head.temperature,
        )

    def _built(self, base: Base, network: bytes, head: LearntHead, shown: Shown | None, size: int) -> Trained:
        architecture, arrays = base.with_head(head.final.kernel, head.final.bias)
        return Trained(
            architecture,
            arrays,
            replace_head(network, head.final.kernel, head.final.bias, base.bundle.name),
            size,
            head.temperature,
            head.sure_from,
            shown,
        )

    def _finished(self, base: Base, trained: Trained, material: Material, learnt: frozenset[bytes]) -> dict[str, Any]:
        from mobilenet_gui.training.evaluation import evaluate, write_evaluation

        journal, control, spec = self._journal, self._control, self._spec
        journal.phase("test")
        photos = sum(item.view == "plain" for item in material.items)
        bundle = make_model(
            self._folder.bundle_folder,
            spec.name,
            base,
            trained,
            classes=material.classes,
            photos=photos,
            learnt=learnt,
        )
        if text := near_text(trained.shown):
            self._journal.note(text)
        accuracy: float | None = None
        tested = 0
        if material.test:
            evaluation = evaluate(
                bundle,
                material.test,
                spec.classes,
                threads=spec.settings.threads,
                progress=lambda done, total: control.report("test", done / total),
            )
            write_evaluation(self._folder.evaluation_path, evaluation)
            tested = len(evaluation.tested)
            accuracy = evaluation.accuracy
            if evaluation.errors:
                self._tell_unread([(answer.path, answer.error) for answer in evaluation.errors], untested_text)
            self._tell_resembling(evaluation)
            if accuracy is not None:
                bundle = record_accuracy(bundle.folder, accuracy, evaluation.interval, tested)
        control.check()
        journal.close("finished", accuracy=accuracy, phase="test")
        checkpoint.remove(self._folder.checkpoint_dir)
        discard(self._folder.spare_dir)
        return {
            "status": "finished",
            "accuracy": accuracy,
            "photos": tested,
            "seconds": round(journal.seconds, 3),
            "bundle": str(bundle.folder),
            "id": bundle.id,
            "notes": list(journal.state.notes),
        }


def few_text(material: Material, head: LearntHead) -> str:
    """Return what classes of few photos are worth: how many of those were recognised while they were held out."""
    plain = np.array([material.items[place].view == "plain" for place in head.held], bool)
    labels = material.labels()[head.held][plain]
    right = head.held_logits[plain].argmax(axis=1) == labels
    counts = np.bincount(labels, minlength=len(material.classes))
    few = [label for label in np.argsort(counts, kind="stable") if 0 < counts[label] < FEW_PHOTOS]
    if not few:
        return ""
    told = [
        tr("“{name}” {right} of {all}").format(
            name=material.classes[label], right=int(right[labels == label].sum()), all=counts[label]
        )
        for label in few[:_TOLD_CLASSES]
    ]
    if len(few) > _TOLD_CLASSES:
        told.append(tr("and {n} more").format(n=len(few) - _TOLD_CLASSES))
    return tr("Few photos to learn from; recognised while they were held out: {classes}.").format(
        classes=", ".join(told)
    )


def missing_text(count: int) -> str:
    """Return what to say of photos that could not be read."""
    return trn(
        "{n} photo could not be read and is left out.", "{n} photos could not be read and are left out.", count
    ).format(n=count)


def untested_text(count: int) -> str:
    """Return what to say of test photos that could not be read."""
    return trn(
        "{n} test photo could not be read, so it is not counted.",
        "{n} test photos could not be read, so they are not counted.",
        count,
    ).format(n=count)
