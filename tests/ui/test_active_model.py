"""Which model answers, in the whole window: one that cannot be loaded is refused by name, and every page says so."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from mobilenet_gui import paths
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.startup import StartupTrace
from mobilenet_gui.ui.live.page import LivePage
from mobilenet_gui.ui.main_window import MainWindow
from mobilenet_gui.ui.models.page import ModelsPage
from mobilenet_gui.ui.theme import theme
from tests.model_factory import make_bundle, make_twin

SECONDS = 20_000


def truncate(folder: Path) -> None:
    data = (folder / "model.tflite").read_bytes()
    (folder / "model.tflite").write_bytes(data[: len(data) // 2])


def delete(folder: Path) -> None:
    (folder / "model.tflite").unlink()


def replace(folder: Path) -> None:
    """Another network of the same length."""
    data = bytearray((folder / "model.tflite").read_bytes())
    data[len(data) // 2] ^= 255
    (folder / "model.tflite").write_bytes(bytes(data))


def spoil_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"format_version": 1, "id": ', encoding="utf-8")


def remove(folder: Path) -> None:
    shutil.rmtree(folder)


DAMAGE = [truncate, delete, replace, spoil_manifest, remove]


class Bench:
    """The window, with the models “Garden” (in use) and “Pets”."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self.qtbot = qtbot
        self.store = ModelStore(paths.models_dir(), paths.builtin_models_dir())
        for model_id in ("garden", "pets"):
            make_bundle(self.store.models_dir / model_id, bundle_id=model_id, name=model_id.title())
        self.store.activate("garden")
        self.photo = folder / "red.png"
        Image.new("RGB", (64, 48), "red").save(self.photo)

    def open(self) -> MainWindow:
        self.main = MainWindow(SettingsStore(paths.settings_file()), self.store, theme(), StartupTrace(False))
        self.main.show()
        self.main.start([str(self.photo)])
        self.until(lambda: self.main.active.bundle is not None and not self.main.active.busy)
        self.until(lambda: bool(self.main.photos.controller.rows.keys))
        return self.main

    def until(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=SECONDS)

    def folder(self, model_id: str) -> Path:
        return self.store.models_dir / model_id

    @property
    def live(self) -> LivePage:
        return self.main._live()

    @property
    def models(self) -> ModelsPage:
        page = self.main._built["models"]
        assert isinstance(page, ModelsPage)
        return page

    def answers(self, model_id: str) -> None:
        """All say that this model answers: the recogniser, Photos, Live and Models."""
        main = self.main
        self.until(lambda: not main.active.busy)
        assert main.active.bundle is not None
        assert main.active.bundle.id == model_id
        assert main.inference._recognizer is not None
        assert main.inference._recognizer.bundle.id == model_id
        name = model_id.title()
        assert main.photos.frame.inspector.model_chip.text() == name
        assert self.live.frame.inspector.model_chip.text() == name
        used = [item.id for item in self.models._shelf.installed if item.active]
        assert used == ([model_id] if (self.folder(model_id) / "manifest.json").exists() else [])
        main.photos.controller.set_current(main.photos.controller.rows.keys[0])
        photo = main.photos.controller.current
        self.until(lambda: photo is not None and photo.recognition is not None and not photo.stale)
        assert photo is not None
        assert photo.recognition is not None
        assert photo.recognition.model_id == model_id

    def said(self) -> list[str]:
        """What Photos, Live and Models say of a model that was asked for."""
        banner = self.models.notices.banner("in use")
        return [
            self.main.photos.notices.text_of("model"),
            self.live.frame.notices.text_of("model"),
            "" if banner is None or banner.isHidden() else banner.text(),
        ]

    def close(self) -> None:
        self.main.close()
        self.main.deleteLater()


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(qtbot, tmp_path)
    made.main = None  # type: ignore[assignment]
    yield made
    if made.main is not None:
        made.close()


def choose_in_photos(bench: Bench) -> None:
    bench.main.show_page("photos")
    bench.main.photos.model_chosen.emit("pets")


def choose_in_live(bench: Bench) -> None:
    bench.main.show_page("live")
    bench.live.model_chosen.emit("pets")


def choose_in_models(bench: Bench) -> None:
    bench.main.show_page("models")
    bench.models._do("pets", "use")


CHOICES = [choose_in_photos, choose_in_live, choose_in_models]


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("choose", CHOICES)
def test_a_damaged_model_is_refused_and_all_pages_say_so(
    bench: Bench, damage: Callable[[Path], None], choose: Callable[[Bench], None]
) -> None:
    main = bench.open()
    for page in ("live", "models"):
        main.show_page(page)
    assert ("pets", "Pets") in main.active.installed()  # the menu that it is chosen from
    damage(bench.folder("pets"))
    choose(bench)
    bench.until(lambda: main.active.failure is not None)
    bench.answers("garden")
    assert bench.store.chosen_id() == "garden", "a refused model is not the one in use at the next start"
    one, *others = bench.said()
    assert one.startswith("“Pets” cannot be used. ")
    assert one.endswith(" “Garden” answers instead.")
    assert others == [one, one]


@pytest.mark.parametrize("damage", DAMAGE)
def test_at_the_start_another_answers_and_the_chosen_one_is_named(bench: Bench, damage: Callable[[Path], None]) -> None:
    bench.store.activate("pets")
    damage(bench.folder("pets"))
    main = bench.open()
    for page in ("live", "models"):
        main.show_page(page)
    bench.answers("garden")
    assert len(set(bench.said())) == 1
    assert bench.said()[0].endswith("“Garden” answers instead.")
    assert bench.store.chosen_id() == "pets", "it may come back: a drive, another program's repair"


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_by_another_program_while_in_use_it_goes_on_and_says_so(
    bench: Bench, damage: Callable[[Path], None]
) -> None:
    main = bench.open()
    for page in ("live", "models"):
        main.show_page(page)
    damage(bench.folder("garden"))
    main.show_page("photos")
    bench.until(lambda: main.active.failure is not None)
    main.show_page("models")
    bench.models.refresh()
    bench.until(lambda: not main.active.busy)
    assert main.active.bundle is not None
    assert main.active.bundle.id == "garden"
    assert len(set(bench.said())) == 1
    assert bench.said()[0].startswith("“Garden” cannot be loaded again. ")
    shutil.rmtree(bench.folder("garden"), ignore_errors=True)
    make_bundle(bench.folder("garden"), bundle_id="garden", name="Garden")
    main.show_page("live")
    bench.until(lambda: main.active.failure is None)
    bench.answers("garden")
    assert bench.said() == ["", "", ""]


def test_another_program_s_choice_and_removal_are_followed(bench: Bench) -> None:
    main = bench.open()
    for page in ("live", "models"):
        main.show_page(page)
    other = ModelStore(bench.store.models_dir, paths.builtin_models_dir())
    other.activate("pets")
    main.show_page("photos")
    bench.until(lambda: main.active.bundle is not None and main.active.bundle.id == "pets")
    bench.answers("pets")
    other.remove("pets")
    main.show_page("live")
    bench.until(lambda: main.active.bundle is not None and main.active.bundle.id == "garden")
    bench.answers("garden")
    assert bench.said() == ["", "", ""]


def test_removed_while_in_use_the_former_answers_again(bench: Bench) -> None:
    bench.store.activate("pets")
    main = bench.open()
    for page in ("live", "models"):
        main.show_page(page)
    bench.answers("pets")
    main.tasks.remove("pets")
    bench.until(lambda: main.active.bundle is not None and main.active.bundle.id == "garden")
    bench.answers("garden")
    main.tasks.remove("garden")
    bench.until(lambda: main.active.bundle is None)
    assert main.photos.frame.inspector.model_chip.text() == "No model"
    assert bench.live.frame.inspector.model_chip.text() == "No model"


def test_a_good_choice_ends_the_complaint_and_closing_it_ends_it_everywhere(bench: Bench) -> None:
    main = bench.open()
    for page in ("live", "models"):
        main.show_page(page)
    replace(bench.folder("pets"))
    choose_in_live(bench)
    bench.until(lambda: bool(bench.said()[0]))
    bench.live.frame.notices._banners["model"].closed.emit()
    assert bench.said() == ["", "", ""]
    choose_in_live(bench)
    bench.until(lambda: bool(bench.said()[0]))
    main.active.use("garden")
    bench.until(lambda: not main.active.busy)
    assert bench.said() == ["", "", ""]


def test_nothing_is_loaded_again_without_a_reason(bench: Bench) -> None:
    main = bench.open()
    loads: list[object] = []
    main.inference.model_ready.connect(lambda bundle, _generation: loads.append(bundle))
    for page in ("live", "models", "photos", "settings", "photos"):
        main.show_page(page)
    main.tasks.models_changed.emit()
    bench.until(lambda: not main.active.busy)
    assert loads == []


def test_several_choices_at_once_end_with_the_last(bench: Bench) -> None:
    main = bench.open()
    for page in ("live", "models"):
        main.show_page(page)
    replace(bench.folder("garden"))
    for model_id in ("pets", "garden", "pets", "garden"):
        main.active.use(model_id)
    bench.answers("pets")
    assert bench.store.chosen_id() == "pets"
    assert bench.said()[0].startswith("“Garden” cannot be used. ")


def test_a_choice_that_cannot_be_written_down_holds_and_is_said(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from mobilenet_gui.core.errors import StorageError

    main = bench.open()

    def full(_model_id: str) -> None:
        raise StorageError("models", "The disk is full.")

    monkeypatch.setattr(bench.store, "activate", full)
    main.active.use("pets")
    bench.until(lambda: main.active.bundle is not None and main.active.bundle.id == "pets")
    bench.until(lambda: "The disk is full." in main.toasts.toast.label.text())


def test_a_model_gone_between_its_load_and_its_record_is_said(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    main = bench.open()

    def gone(model_id: str) -> None:
        raise ModelError(model_id, "This model is not installed.")

    monkeypatch.setattr(bench.store, "activate", gone)
    main.active.use("pets")
    bench.until(lambda: main.active.failure is not None)
    assert "cannot be loaded again" in main.active.words()


def test_the_8_bit_network_answers_as_the_setting_says(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "weights.h5").write_bytes(b"weights")
    folder = bench.folder("sheds")
    make_twin(make_bundle(folder, bundle_id="sheds", name="Sheds", weights=tmp_path / "weights.h5"))
    main = bench.open()

    def answers(precision: str) -> bool:
        photo = main.photos.controller.current
        if photo is None or photo.stale or photo.recognition is None:
            return False
        return (photo.recognition.model_id, photo.recognition.precision) == ("sheds", precision)

    main.active.use("sheds")
    bench.until(lambda: answers("int8"))
    tip = main.photos.frame.inspector.time_chip.toolTip
    bench.until(lambda: "8 bits" in tip())
    main._settings.update(precision="float")
    bench.until(lambda: answers("float"))
    bench.until(lambda: "8 bits" not in tip())
    main._settings.update(precision="auto")
    bench.until(lambda: answers("int8"))
