"""Files named at the start or by “Open with”: each reaches the page that opens it, and opens there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtGui import QFileOpenEvent
from pytestqt.qtbot import QtBot

from mobilenet_gui import paths
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.startup import StartupTrace
from mobilenet_gui.training.archive import SUFFIX, export_zip
from mobilenet_gui.training.project import NewPhoto
from mobilenet_gui.training.project_store import ProjectStore
from mobilenet_gui.ui.finetune.page import FinetunePage
from mobilenet_gui.ui.given_files import PROJECT_SUFFIX, OpenedFiles, is_model, sort_given
from mobilenet_gui.ui.main_window import MainWindow
from mobilenet_gui.ui.models.import_desk import MODEL_SUFFIXES
from mobilenet_gui.ui.models.page import ModelsPage
from mobilenet_gui.ui.theme import theme
from mobilenet_gui.workers.training import TrainingController
from tests.core.test_model_zip import pack
from tests.model_factory import make_tflite
from tests.ui.wizard_parts import SECONDS, photos_in

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support|does not support raise")


@pytest.fixture
def window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.setattr(TrainingController, "warm", lambda _self: None)
    settings = SettingsStore(paths.settings_file())
    store = ModelStore(paths.models_dir(), paths.builtin_models_dir())
    main = MainWindow(settings, store, theme(), StartupTrace(False))
    main.show()
    yield main
    main.close()
    main.deleteLater()


def test_names_say_which_page() -> None:
    given = sort_given(["a.jpg", "B.MP4", "c.tflite", f"d{SUFFIX}", "folder", "e.weights.h5", "f.ZIP", "g.txt"])
    assert given.photos == ["a.jpg", "folder", "g.txt"]
    assert given.videos == ["B.MP4"]
    assert given.models == [Path("c.tflite"), Path("e.weights.h5")]
    assert given.projects == [Path(f"d{SUFFIX}"), Path("f.ZIP")]
    assert SUFFIX.endswith(PROJECT_SUFFIX)
    assert [suffix for suffix in MODEL_SUFFIXES - {".zip"} if not sort_given([f"x{suffix}"]).models] == []


def test_an_exported_project_is_imported(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    project = ProjectStore().create("Garden")
    project.add_photos([NewPhoto(path, class_name="Bees") for path in photos_in(tmp_path / "photos", 3, 1)])
    made = export_zip(project.snapshot(), tmp_path / f"Gärten{SUFFIX}").path
    project.close()
    ProjectStore().delete(project.id)
    window.start([str(made)])
    page = window._built["finetune"]
    assert isinstance(page, FinetunePage)
    assert window._pages.currentWidget() is page
    qtbot.waitUntil(lambda: [card.look.name for card in page.cards.values()] == ["Garden"], timeout=SECONDS)


def test_a_zip_that_is_no_project_is_refused_in_words(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    bad = tmp_path / "holiday.zip"
    bad.write_bytes(b"nothing of the kind")
    window.start([])
    window.open_from_other_start([str(bad)])
    page = window._built["finetune"]
    assert isinstance(page, FinetunePage)
    qtbot.waitUntil(lambda: "holiday.zip" in page.notices.text_of("zip") and "zip" in page.notices.shown())
    qtbot.waitUntil(lambda: "damaged" in page.notices.text_of("zip"), timeout=SECONDS)


def test_a_model_is_offered_for_import(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    file = tmp_path / "wildlife.tflite"
    file.write_bytes(make_tflite())
    window.start([str(file)])
    page = window._built["models"]
    assert isinstance(page, ModelsPage)
    assert window._pages.currentWidget() is page
    qtbot.waitUntil(lambda: "6 classes" in page.imports.panel.summary, timeout=SECONDS)


def test_files_that_come_as_events_are_heard_of(qtbot: QtBot, tmp_path: Path) -> None:
    heard: list[list[str]] = []
    opened = OpenedFiles()
    opened.files_opened.connect(heard.append)
    target = QObject()
    target.installEventFilter(opened)
    QCoreApplication.sendEvent(target, QFileOpenEvent(str(tmp_path / "a ü.jpg")))
    QCoreApplication.sendEvent(target, QEvent(QEvent.Type.User))
    assert heard == [[str(tmp_path / "a ü.jpg")]]


def test_a_models_folder_goes_to_models_and_any_other_to_photos(tmp_path: Path) -> None:
    for name in ("manifest.json", "labels.csv"):
        (tmp_path / "my run-0.75" / "bundle").mkdir(parents=True, exist_ok=True)
        assert sort_given([str(tmp_path / "my run-0.75")]).models == []
        (tmp_path / "my run-0.75" / "bundle" / name).write_text("x")
    for place in (tmp_path / "my run-0.75", tmp_path / "my run-0.75" / "bundle"):
        assert sort_given([str(place)]).models == [place]
    assert sort_given([str(tmp_path)]).photos == [str(tmp_path)]


def test_the_window_takes_a_zipped_model_for_a_model_and_a_project_for_a_project(tmp_path: Path) -> None:
    model = pack(tmp_path / "converted_keras.zip", {"keras_model.h5": b"x", "labels.txt": b"0 Cat\n1 Dog\n"})
    project = pack(tmp_path / "garden.mobilenet.zip", {"project.json": b"{}", "photos/model.tflite": b"x"})
    renamed = pack(tmp_path / "garden.zip", {"project.json": b"{}", "photos/a.jpg": b"x"})
    given = sort_given([str(model), str(project), str(renamed)])
    assert given.models == [model]
    assert given.projects == [project, renamed]
    unpacked = tmp_path / "converted_tflite"
    unpacked.mkdir()
    (unpacked / "model_unquant.tflite").write_bytes(b"x")
    assert not is_model(unpacked)
    (unpacked / "labels.txt").write_bytes(b"0 Cat\n1 Dog\n")
    assert is_model(unpacked)
