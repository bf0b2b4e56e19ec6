"""What PySide6 does with the connections of a receiver that is gone, and that a closed wizard leaves none behind."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import shiboken6
from PySide6.QtCore import QMetaMethod, QObject, Signal
from PySide6.QtWidgets import QWidget

from tests.ui.wizard_parts import WizardBench


class Sender(QObject):
    said = Signal(str, object)


class Receiver(QWidget):
    told = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[object, ...]] = []

    def all(self, *values: object) -> None:
        self.heard.append(values)

    def one(self, value: str) -> None:
        self.heard.append((value,))

    def none(self) -> None:
        self.heard.append(())


def _receivers(sender: QObject) -> dict[str, int]:
    """Return how many hear each signal of an object."""
    meta = sender.metaObject()
    methods = [meta.method(place) for place in range(meta.methodCount())]
    signals = [m for m in methods if m.methodType() is QMetaMethod.MethodType.Signal]
    names = [bytes(signal.methodSignature().data()).decode() for signal in signals]
    return {name: sender.receivers(f"2{name}") for name in names}


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize(
    ("slot", "heard"),
    [
        (lambda r: r.all, [("x", 1)]),
        (lambda r: r.one, [("x",)]),
        (lambda r: r.none, [()]),
        (lambda r: r.told, []),
        (lambda r: r.setWindowTitle, []),
        (lambda r: r.updateGeometry, []),
    ],
)
def test_a_bound_method_and_a_signal_go_with_their_object(
    slot: Callable[[Receiver], Callable[..., None]], heard: list[tuple[object, ...]]
) -> None:
    sender, receiver = Sender(), Receiver()

    sender.said.connect(slot(receiver))
    sender.said.emit("x", 1)
    assert receiver.heard == heard
    assert _receivers(sender)["said(QString,PyObject)"] == 1

    shiboken6.delete(receiver)
    assert _receivers(sender)["said(QString,PyObject)"] == 0
    sender.said.emit("x", 1)


@pytest.mark.usefixtures("qapp")
def test_a_lambda_and_a_signals_emit_stay_with_the_sender() -> None:
    """The reason for the rule of `tests/test_lifetimes.py`; should this fail one day, the rule can go."""
    sender, receiver = Sender(), Receiver()

    sender.said.connect(lambda *_values: receiver.none())
    sender.said.connect(receiver.told.emit)
    shiboken6.delete(receiver)

    assert _receivers(sender)["said(QString,PyObject)"] == 2
    sender.said.disconnect()


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_a_closed_wizard_hears_nothing_more(bench: WizardBench) -> None:
    project = bench.filled(ants=4, bees=4)
    lasting: list[QObject] = [
        bench.tasks, bench.tasks.runner, bench.models, bench.training, bench.training.exports, bench.training.jobs,
        bench.pictures, bench.inference,
    ]  # fmt: skip
    before = [_receivers(one) for one in lasting]
    dialog = bench.dialog(project)
    for key in ("check", "settings", "train", "evaluate", "use", "data"):
        dialog.go(key)
    assert [_receivers(one) for one in lasting] != before

    dialog.close()
    dialog.deleteLater()
    bench.dialogs.remove(dialog)
    bench.wait(lambda: not shiboken6.isValid(dialog))

    assert [_receivers(one) for one in lasting] == before
