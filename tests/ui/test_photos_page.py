"""The photos page as a person uses it: from the drop to the answer, and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.photo_session import Order, Photo, PhotoState, Show
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.ui.photos.batch_panel import _WorthTile
from mobilenet_gui.ui.photos.inspector import Body
from mobilenet_gui.ui.photos.page import PhotosPage
from mobilenet_gui.ui.photos.samples import fan_photos
from mobilenet_gui.workers.inference import InferenceWorker
from tests.loopback import LoopbackServer
from tests.model_factory import make_bundle

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
COLOURS = {"red": (220, 20, 20), "green": (20, 220, 20), "blue": (20, 20, 220)}
Maker = Callable[..., PhotosPage]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three photos, each of one colour, and a file that is none."""
    place = tmp_path / "Holiday"
    place.mkdir()
    for name, colour in COLOURS.items():
        Image.new("RGB", (200, 150), colour).save(place / f"{name}.png")
    (place / "text.jpg").write_text("not a photo")
    return place


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return make_bundle(tmp_path / "tiny")


@pytest.fixture
def make_page(qtbot: QtBot, tmp_path: Path, bundle: Bundle) -> Iterator[Maker]:
    made: list[PhotosPage] = []

    def make(*, model: bool = True, size: tuple[int, int] = (1116, 760)) -> PhotosPage:
        page = PhotosPage(SettingsStore(tmp_path / "settings.json"), InferenceWorker())
        made.append(page)
        qtbot.addWidget(page)
        page.resize(*size)
        page.show()
        page.controller.inference.set_model(bundle if model else None)
        qtbot.waitUntil(lambda: (page.controller.bundle is not None) == model)
        return page

    yield make
    for page in made:
        page.shut_down()
        page.shut_down()
        page.close()


def settled(page: PhotosPage, count: int) -> bool:
    session = page.controller.session
    return len(session) == count and session.counts().pending == 0


def current(page: PhotosPage) -> Photo:
    photo = page.controller.current
    assert photo is not None
    return photo


def body(page: PhotosPage) -> Body:
    return page.frame.inspector.current


def title(page: PhotosPage) -> str:
    return page.frame.inspector.result.title.text()


def test_a_dropped_folder_is_recognised_and_the_first_photo_shown(qtbot: QtBot, make_page: Maker, folder: Path) -> None:
    page = make_page()
    assert page.frame.centre() == "zone"
    assert body(page) is Body.EMPTY
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(folder))])
    assert page.can_take(mime)
    with qtbot.waitSignal(page.first_result):
        assert page.handle_mime(mime)
    qtbot.waitUntil(lambda: settled(page, 4))
    assert page.frame.centre() == "single"
    assert page.frame.header.title() == "blue.png"
    assert title(page) == "Blue"
    qtbot.waitUntil(lambda: page.frame.single.canvas.has_picture)
    assert body(page) is Body.RESULT
    states = {photo.name: photo.state for photo in page.controller.session.photos()}
    assert states.pop("text.jpg") is PhotoState.FAILED
    assert set(states.values()) == {PhotoState.DONE}


@pytest.mark.parametrize("view", ["single", "grid"])
def test_photos_that_came_in_have_the_keys_unless_somebody_writes(
    qtbot: QtBot, make_page: Maker, folder: Path, view: str
) -> None:
    page = make_page()
    page.user_actions.set_view(view)
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    page.frame.add_button.setFocus()
    page.add_paths([folder])
    qtbot.waitUntil(lambda: settled(page, 4))
    photos = page.frame.single.canvas if view == "single" else page.frame.grid.grid
    qtbot.waitUntil(photos.hasFocus)
    QTest.keyClick(photos, Qt.Key.Key_Right)
    assert current(page).name == "green.png"
    search = page.frame.grid.findChild(QLineEdit)
    if view == "grid" and search is not None:
        search.setFocus()
        with qtbot.waitSignal(page.intake.added):
            page.add_paths([folder / "red.png"])
        assert search.hasFocus()


def test_arrows_walk_and_a_bad_photo_says_why_in_place(qtbot: QtBot, make_page: Maker, folder: Path) -> None:
    page = make_page()
    page.add_paths([folder])
    qtbot.waitUntil(lambda: settled(page, 4))
    canvas = page.frame.single.canvas
    for key, name in (
        (Qt.Key.Key_Right, "green.png"),
        (Qt.Key.Key_End, "text.jpg"),
        (Qt.Key.Key_Right, "text.jpg"),
        (Qt.Key.Key_Home, "blue.png"),
        (Qt.Key.Key_Left, "blue.png"),
    ):
        QTest.keyClick(canvas, key)
        assert current(page).name == name
    page.controller.go_to(-1)
    trouble = page.frame.single.trouble
    assert trouble.isVisible()
    assert trouble.file.text().endswith("text.jpg")
    assert trouble.reason.text()
    Image.new("RGB", (60, 60), COLOURS["red"]).save(folder / "text.jpg", "JPEG")
    trouble.retry.click()
    qtbot.waitUntil(lambda: title(page) == "Red")
    assert not trouble.isVisible()
    qtbot.waitUntil(lambda: canvas.has_picture)


def test_delete_and_undo(qtbot: QtBot, make_page: Maker, folder: Path) -> None:
    page = make_page()
    page.add_paths([folder])
    qtbot.waitUntil(lambda: settled(page, 4))
    page.user_actions.remove_chosen()
    assert current(page).name == "green.png"
    assert "blue.png" in page.toasts.toast.label.text()
    page.toasts.toast.link.click()
    assert page.controller.session.photos()[0].name == "blue.png"
    assert current(page).name == "blue.png"
    page.user_actions.clear_all()
    assert page.frame.centre() == "zone"
    page.user_actions.undo()
    assert page.frame.centre() == "single"
    assert settled(page, 4)


def test_the_limit_decides_between_an_answer_and_not_sure(qtbot: QtBot, make_page: Maker, folder: Path) -> None:
    page = make_page()
    page.add_paths([folder / "red.png"])
    qtbot.waitUntil(lambda: settled(page, 1))
    recognition = current(page).recognition
    assert recognition is not None
    probability = recognition.best.probability
    assert title(page) == "Red"
    page.frame.inspector.result.sure.slider.set_value01(min(0.99, probability + 0.05))
    assert title(page) == "Not sure"
    assert "red" in page.frame.inspector.result.second.text()
    assert page.frame.inspector.batch.sure.slider.value01() == page.frame.inspector.result.sure.slider.value01()


def test_explain_shows_a_heat_map_for_the_chosen_label(qtbot: QtBot, make_page: Maker, folder: Path) -> None:
    page = make_page()
    page.add_paths([folder / "red.png"])
    qtbot.waitUntil(lambda: settled(page, 1))
    canvas, result = page.frame.single.canvas, page.frame.inspector.result
    QTest.keyClick(canvas, Qt.Key.Key_E)
    assert result.explain.switch.isChecked()
    qtbot.waitUntil(lambda: canvas.has_heat)
    result.bars.chosen.emit(2)
    recognition = current(page).recognition
    assert recognition is not None
    assert page.controller.explained_index == recognition.predictions[2].index
    assert result.bars.selected() == 2
    QTest.keyClick(canvas, Qt.Key.Key_E)
    assert not canvas.has_heat
    assert result.bars.selected() == -1


def test_copy_gives_text_and_json(qtbot: QtBot, make_page: Maker, folder: Path) -> None:
    page = make_page()
    page.add_paths([folder / "red.png"])
    qtbot.waitUntil(lambda: settled(page, 1))
    page.user_actions.copy_answer()
    mime = QGuiApplication.clipboard().mimeData()
    assert mime is not None
    assert mime.text().startswith("red.png: Red")
    record = json.loads(bytes(mime.data("application/json").data()))
    assert record["predictions"][0]["label"] == "red"


def test_pasted_pixels_and_bytes_become_photos(qtbot: QtBot, make_page: Maker, folder: Path) -> None:
    page = make_page()
    image = QImage(80, 60, QImage.Format.Format_RGB32)
    image.fill(QColor(*COLOURS["green"]))
    QGuiApplication.clipboard().setImage(image)
    page.user_actions.paste()
    qtbot.waitUntil(lambda: settled(page, 1))
    assert title(page) == "Green"
    mime = QMimeData()
    mime.setData("application/octet-stream", (folder / "blue.png").read_bytes())
    assert page.handle_mime(mime)
    qtbot.waitUntil(lambda: settled(page, 2))
    assert title(page) == "Blue"
    QGuiApplication.clipboard().setText("just words")
    page.user_actions.paste()
    assert len(page.controller.session) == 2


def test_without_a_model_photos_are_shown_and_wait(
    qtbot: QtBot, make_page: Maker, folder: Path, bundle: Bundle
) -> None:
    page = make_page(model=False)
    qtbot.waitUntil(lambda: "no_model" in page.notices.shown())
    assert page.frame.inspector.current is Body.NO_MODEL
    with qtbot.waitSignal(page.models_requested) as asked:
        page.notices.trigger("no_model")
    assert asked.args == ["download"]
    page.add_paths([folder])
    qtbot.waitUntil(lambda: len(page.controller.session) == 4)
    qtbot.waitUntil(lambda: page.frame.single.canvas.has_picture)
    page.controller.inference.set_model(bundle)
    qtbot.waitUntil(lambda: settled(page, 4))
    assert page.notices.shown() == []
    assert title(page) == "Blue"


def test_another_model_recognises_everything_again(
    qtbot: QtBot, make_page: Maker, folder: Path, tmp_path: Path
) -> None:
    page = make_page()
    page.add_paths([folder])
    qtbot.waitUntil(lambda: settled(page, 4))
    page.controller.inference.set_model(make_bundle(tmp_path / "other", bundle_id="other", name="Other"))
    qtbot.waitUntil(
        lambda: all(
            p.recognition is not None and p.recognition.model_id == "other"
            for p in page.controller.session.photos()
            if p.state is not PhotoState.FAILED
        )
    )
    qtbot.waitUntil(lambda: settled(page, 4))
    assert page.frame.inspector.model_chip.text() == "Other"


def test_the_grid_filters_searches_and_opens(qtbot: QtBot, make_page: Maker, folder: Path) -> None:
    page = make_page()
    page.add_paths([folder])
    qtbot.waitUntil(lambda: settled(page, 4))
    QTest.keyClick(page.frame.single.canvas, Qt.Key.Key_G)
    assert page.frame.centre() == "grid"
    assert page.frame.inspector.current is Body.BATCH
    qtbot.waitUntil(lambda: page.frame.inspector.batch.summary.text() == "3 sure, 0 not sure, 1 unreadable")
    tools, grid, rows = page.frame.grid.tools, page.frame.grid.grid, page.controller.rows
    tools.chips[Show.PROBLEMS].click()
    assert rows.rowCount() == 1
    tools.chips[Show.ALL].click()
    tools.search.setText("gre")
    qtbot.waitUntil(lambda: rows.rowCount() == 1)
    tools.search.setText("zzz")
    qtbot.waitUntil(lambda: rows.rowCount() == 0)
    assert not grid.isVisible()
    page.frame.grid.take_back()
    assert rows.rowCount() == 4
    tools.order.set_current_key(Order.LABEL)
    assert [photo.name for i in range(3) if (photo := rows.photo_at(i)) is not None] == [
        "blue.png", "green.png", "red.png",
    ]  # fmt: skip
    grid.setCurrentIndex(rows.index(2))
    QTest.keyClick(grid, Qt.Key.Key_Return)
    assert page.frame.centre() == "single"
    assert current(page).name == "red.png"


def test_grid_removes_what_is_chosen(qtbot: QtBot, make_page: Maker, folder: Path) -> None:
    page = make_page()
    page.add_paths([folder])
    qtbot.waitUntil(lambda: settled(page, 4))
    page.user_actions.set_view("grid")
    page.frame.grid.grid.selectAll()
    page.user_actions.remove_chosen()
    assert len(page.controller.session) == 0


def test_sorting_copies_and_undo_takes_the_copies_away(
    qtbot: QtBot, make_page: Maker, folder: Path, tmp_path: Path
) -> None:
    page = make_page()
    page.add_paths([folder])
    qtbot.waitUntil(lambda: settled(page, 4))
    target = tmp_path / "sorted"
    page.exports.sort_to(target)
    qtbot.waitUntil(lambda: "3 photos copied" in page.toasts.toast.label.text())
    made = sorted(p.relative_to(target).as_posix() for p in target.rglob("*.png"))
    assert made == ["Blue/blue.png", "Green/green.png", "Red/red.png"]
    assert len(list(folder.iterdir())) == 4
    page.toasts.toast.link.click()
    qtbot.waitUntil(lambda: not target.exists())


def test_export_says_when_the_place_cannot_be_written(
    qtbot: QtBot, make_page: Maker, folder: Path, tmp_path: Path
) -> None:
    page = make_page()
    page.add_paths([folder])
    qtbot.waitUntil(lambda: settled(page, 4))
    from mobilenet_gui.core.answers import answer_rows

    rows = answer_rows(page.controller.session.photos())
    page.exports.write(rows, tmp_path / "out.csv")
    qtbot.waitUntil(lambda: "4 answers written to out.csv" in page.toasts.toast.label.text())
    page.exports.write(rows, tmp_path / "missing" / "out.csv")
    qtbot.waitUntil(lambda: "export" in page.notices.shown())
    assert "missing" in page.notices.text_of("export")


def test_what_is_worth_a_look_keeps_its_picture_while_thousands_pass(
    qtbot: QtBot, make_page: Maker, folder: Path
) -> None:
    page = make_page()
    page.user_actions.set_view("grid")
    page.add_paths([folder])
    qtbot.waitUntil(lambda: settled(page, 4))
    recognition = current(page).recognition
    assert recognition is not None
    page.frame.inspector.batch.sure.slider.set_value01(min(0.99, recognition.best.probability + 0.05))
    tiles = page.frame.inspector.batch.findChildren(_WorthTile)

    def pictured() -> bool:
        visible = [tile for tile in tiles if tile.isVisible()]
        return bool(visible) and all(tile._image is not None for tile in visible)

    qtbot.waitUntil(pictured)
    page.controller.thumbs.clear()  # as thousands of others do
    page.presenter.show_counts(page.presenter.counts)
    assert pictured()
    page.presenter._worth.clear()
    page.controller.thumbs.clear()
    page.presenter.show_counts(page.presenter.counts)
    qtbot.waitUntil(pictured)


def test_a_folder_without_photos_is_named(qtbot: QtBot, make_page: Maker, tmp_path: Path) -> None:
    (tmp_path / "Empty").mkdir()
    page = make_page()
    page.add_paths([tmp_path / "Empty"])
    qtbot.waitUntil(lambda: "intake" in page.notices.shown())
    assert page.notices.text_of("intake").startswith("Empty: ")
    assert page.frame.centre() == "zone"


def test_dragging_shows_the_zone_with_the_count(make_page: Maker) -> None:
    page = make_page()
    page.set_dragging(12)
    assert "12" in page.frame.zone.title.text()
    page.set_dragging(None)
    assert not page.frame.zone.is_dragging()


def test_zoom_asks_for_all_pixels_and_fit_returns(qtbot: QtBot, make_page: Maker, tmp_path: Path) -> None:
    Image.new("RGB", (3000, 2000), COLOURS["red"]).save(tmp_path / "large.jpg")
    page = make_page()
    page.add_paths([tmp_path / "large.jpg"])
    canvas = page.frame.single.canvas
    qtbot.waitUntil(lambda: canvas.has_picture)
    with qtbot.waitSignal(page.loader.picture_ready, check_params_cb=lambda p: p.whole) as sharper:
        QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(200, 300))
    assert sharper.args[0].image.width() == 3000
    assert canvas.viewport.scale == pytest.approx(1 / canvas.devicePixelRatioF())
    QTest.keyClick(canvas, Qt.Key.Key_0)
    assert canvas.viewport.fitted


def test_full_screen_walks_and_leaves(qtbot: QtBot, make_page: Maker, folder: Path) -> None:
    page = make_page()
    page.add_paths([folder])
    qtbot.waitUntil(lambda: settled(page, 4))
    page.user_actions.toggle_full_screen()
    full = page.looking.full_screen
    assert full is not None
    qtbot.waitUntil(lambda: full.canvas.has_picture)
    QTest.keyClick(full, Qt.Key.Key_Right)
    assert current(page).name == "green.png"
    QTest.keyClick(full, Qt.Key.Key_Escape)
    assert page.looking.full_screen is None
    qtbot.waitUntil(lambda: page.frame.single.canvas.has_picture)


def test_small_windows_take_the_small_form(make_page: Maker, qtbot: QtBot) -> None:
    page = make_page(size=(900, 600))
    strip = page.frame.single.strip
    assert strip.view.thumb == 48
    assert strip.height() == 72
    page.resize(1200, 760)
    qtbot.waitUntil(lambda: strip.view.thumb == 64 and strip.height() == 92)


def test_everything_that_can_be_pressed_has_a_name(qtbot: QtBot, make_page: Maker, folder: Path) -> None:
    from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QComboBox, QLineEdit, QScrollBar

    page = make_page()
    page.add_paths([folder])
    qtbot.waitUntil(lambda: settled(page, 4))
    kinds = (QAbstractButton, QAbstractSlider, QComboBox, QLineEdit)
    for kind in kinds:
        for widget in page.findChildren(kind):
            if isinstance(widget, QScrollBar) or widget.objectName().startswith("qt_"):
                continue
            named = widget.accessibleName() or getattr(widget, "text", str)()
            if not named:
                assert not widget.isVisible(), f"{widget} has no name"


def test_a_second_press_of_the_pause_goes_on(qtbot: QtBot, make_page: Maker, folder: Path) -> None:
    page = make_page()
    page.controller.pause(True)
    page.add_paths([folder])
    qtbot.waitUntil(lambda: len(page.controller.session) == 4)
    page.user_actions.set_view("grid")
    qtbot.waitUntil(page.frame.grid.batch_bar.isVisible)
    assert page.frame.grid.batch_bar.text.text().startswith("Paused at")
    page.frame.grid.batch_bar.stop.click()
    qtbot.waitUntil(lambda: page.frame.grid.batch_bar.text.text().startswith("Stopped at"))
    page.frame.grid.batch_bar.pause.click()
    qtbot.waitUntil(lambda: settled(page, 4))
    qtbot.waitUntil(lambda: not page.frame.grid.batch_bar.isVisible())


def test_photos_stay_under_the_pointer_when_recognition_ends(qtbot: QtBot, make_page: Maker, folder: Path) -> None:
    page = make_page()
    page.controller.pause(True)
    page.add_paths([folder])
    qtbot.waitUntil(lambda: len(page.controller.session) == 4)
    page.user_actions.set_view("grid")
    view = page.frame.grid
    qtbot.waitUntil(view.batch_bar.isVisible)
    QApplication.processEvents()
    before, height = view.grid.mapTo(page, QPoint()), view.batch_bar.height()
    view.grid.setAttribute(Qt.WidgetAttribute.WA_UnderMouse)
    page.controller.pause(False)
    qtbot.waitUntil(lambda: settled(page, 4))
    qtbot.waitUntil(lambda: view.batch_bar.text.text() == "Recognised 4 photos")
    QApplication.processEvents()
    assert view.batch_bar.isVisible()
    assert not view.batch_bar.pause.isVisible()
    assert not view.batch_bar.stop.isVisible()
    assert (view.grid.mapTo(page, QPoint()), view.batch_bar.height()) == (before, height)
    view.grid.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)
    QApplication.sendEvent(view.grid, QEvent(QEvent.Type.Leave))
    assert not view.batch_bar.isVisible()
    page.controller.pause(True)
    page.controller.retry(list(page.controller.rows.keys))
    qtbot.waitUntil(view.batch_bar.isVisible)
    assert view.batch_bar.pause.isVisible()
    page.controller.pause(False)


def test_an_address_is_fetched_only_after_a_word(qtbot: QtBot, make_page: Maker, folder: Path) -> None:
    with LoopbackServer({"/owl.png": (folder / "green.png").read_bytes()}) as server:
        page = make_page()
        mime = QMimeData()
        mime.setUrls([QUrl(server.url + "/owl.png")])
        assert page.handle_mime(mime)
        assert page.notices.text_of("address") == "This photo is on 127.0.0.1. Download it?"
        assert page.handle_mime(mime)
        assert server.paths() == []
        page.notices.trigger("address")
        qtbot.waitUntil(lambda: settled(page, 1))
        assert current(page).name == "owl.png"
        assert title(page) == "Green"
        assert page.notices.shown() == []
        mime.setUrls([QUrl(server.url + "/gone.png")])
        assert page.handle_mime(mime)
        page.notices.trigger("address")
        qtbot.waitUntil(lambda: "404" in page.notices.text_of("address"))
    assert len(page.controller.session) == 1


def test_the_empty_page_shows_three_sample_photos_with_or_without_a_model(qtbot: QtBot, make_page: Maker) -> None:
    for model in (True, False):
        page = make_page(model=model)
        stems = [path.stem for path in fan_photos(page.samples.photos)]
        assert stems == ["fly-agaric", "hot-air-balloon", "strawberries"]
        qtbot.waitUntil(lambda page=page: len(page.frame.zone.fan._pictures) == 3)  # type: ignore[misc]
        link = page.frame.start.strip.open_all
        assert link.isVisible()
        link.click()
        qtbot.waitUntil(lambda page=page: len(page.controller.session) == 7)  # type: ignore[misc]
        page.shut_down()


def test_other_samples_stand_in_for_missing_ones() -> None:
    some = [Path("/s/a.jpg"), Path("/s/b.jpg"), Path("/s/c.jpg"), Path("/s/strawberries.jpg")]
    assert fan_photos(some) == some[:3]
    assert fan_photos(some[:2]) == []


def test_a_narrow_window_leaves_search_and_model_their_room(
    qtbot: QtBot, make_page: Maker, folder: Path, tmp_path: Path
) -> None:
    page = make_page(size=(816, 600))
    bundle = make_bundle(tmp_path / "v1", name="MobileNet V1 0.75, 192 px")
    bundle = replace_family(bundle, "v1")
    page.controller.inference.set_model(bundle)
    page.add_paths([folder])
    qtbot.waitUntil(lambda: settled(page, 4) and page.controller.bundle is bundle)
    chip = page.frame.inspector.model_chip
    qtbot.waitUntil(lambda: not page.frame.inspector.time_chip.isHidden())
    assert chip.text() == "MobileNet V1"
    assert "0.75" in chip.toolTip()
    page.user_actions.set_view("grid")
    tools = page.frame.grid.tools
    problems = tools.chips[Show.PROBLEMS]
    assert problems.isVisible()  # there is one
    page.user_actions.remove([p.key for p in page.controller.session.photos() if p.state is PhotoState.FAILED])
    assert not problems.isVisible()
    qtbot.waitUntil(lambda: tools.search.width() >= 240)
    assert tools.order.property("compact")
    page.resize(1300, 760)
    qtbot.waitUntil(problems.isVisible)
    assert not tools.order.property("compact")
    page.frame.inspector.set_chosen_width(420)
    qtbot.waitUntil(lambda: chip.text() == bundle.name)


def replace_family(bundle: Bundle, family: str) -> Bundle:
    path = bundle.folder / "manifest.json"
    described = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(described | {"family": family}), encoding="utf-8")
    return Bundle.open(bundle.folder)


def test_words_of_the_inspector_are_never_cut(qtbot: QtBot, make_page: Maker) -> None:
    page = make_page(model=False, size=(816, 600))
    labels = page.frame.inspector.findChildren(QLabel)
    wrapped = [label for label in labels if label.wordWrap() and label.isVisible()]
    assert wrapped
    for label in wrapped:
        qtbot.waitUntil(lambda label=label: label.height() >= label.heightForWidth(label.width()))  # type: ignore[misc]
