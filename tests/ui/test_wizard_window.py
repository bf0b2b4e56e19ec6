"""The wizard's window as such: wholly on the screen, also on the smallest."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtWidgets import QWidget

from mobilenet_gui.ui.wizard import dialog as dialog_module
from mobilenet_gui.ui.wizard.data_page import DataPage
from mobilenet_gui.ui.wizard.dialog import WizardDialog
from tests.ui.wizard_parts import WizardBench

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def _pretend(monkeypatch: pytest.MonkeyPatch, kind: type[QWidget], room: QRect) -> None:
    screen = SimpleNamespace(availableSize=room.size, availableGeometry=lambda: room)
    monkeypatch.setattr(kind, "screen", lambda _self: screen)


@pytest.mark.parametrize(
    ("screen", "size"),
    [
        ((1920, 1080), dialog_module.SIZE),
        ((960, 540), QSize(920, 500)),  # a small laptop whose desktop doubles everything
        ((900, 600), QSize(860, 560)),
    ],
)
def test_the_wizard_is_wholly_on_the_screen(
    bench: WizardBench, monkeypatch: pytest.MonkeyPatch, screen: tuple[int, int], size: QSize
) -> None:
    room = QRect(0, 0, *screen)
    _pretend(monkeypatch, WizardDialog, room)
    _pretend(monkeypatch, QWidget, room)
    dialog = bench.dialog(bench.filled(cats=2, dogs=2))
    behind = QWidget()
    bench.qtbot.addWidget(behind)
    behind.setGeometry(room)
    dialog.place_over(behind)
    assert dialog.size() == size
    assert room.contains(dialog.geometry())
    assert dialog.geometry().top() >= 40, "its title bar"


def test_a_toast_leaves_the_place_for_more_folders_free(bench: WizardBench) -> None:
    dialog = bench.dialog(bench.filled(**{f"class {n}": 1 for n in range(12)}))
    dialog.resize(900, 600)
    dialog.show()
    page, host = dialog.current, dialog.context.toasts
    assert isinstance(page, DataPage)
    bench.wait(page.strip.isVisible)
    host.show_message("12 photos added", "Undo")

    def apart() -> bool:
        toast = QRect(host.toast.mapTo(dialog, QPoint()), host.toast.size())
        strip = QRect(page.strip.mapTo(dialog, QPoint()), page.strip.size())
        return toast.adjusted(16, 16, -16, -16).bottom() < strip.top() and toast.top() > 0

    bench.wait(apart)
