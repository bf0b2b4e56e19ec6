"""What the window says of a photo that is unlike anything its model was shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from mobilenet_gui.core.manifest import Provenance
from mobilenet_gui.core.photo_session import Photo, PhotoSession
from mobilenet_gui.core.types import Known, Likeness
from mobilenet_gui.training.correction import place
from mobilenet_gui.training.evaluation_types import Answer, Evaluation, Guess
from mobilenet_gui.training.project_store import ProjectStore
from mobilenet_gui.training.project_types import NewPhoto
from mobilenet_gui.ui.photos.inspector import Body, PhotoInspector
from mobilenet_gui.ui.photos.list_model import PhotoListModel
from mobilenet_gui.ui.wizard.evaluate_words import stranger_words
from mobilenet_gui.workers.shown_photos import shown_pictures
from tests.core.test_answers import plain
from tests.core.test_photo_session import answer

pytestmark = [
    pytest.mark.usefixtures("qapp", "dressed"),
    pytest.mark.qt_log_ignore("This plugin does not support"),
]

LIKENESS = Likeness(0.18, 0.4, (Known(1, "bees", "7", 0.21), Known(1, "bees", "9", 0.18), Known(0, "ants", "3", 0.16)))


@pytest.fixture
def inspector(qtbot: QtBot) -> Iterator[PhotoInspector]:
    made = PhotoInspector()
    qtbot.addWidget(made)
    made.resize(320, 700)
    made.show_body(Body.RESULT)
    made.result.set_classes(["ants", "bees"])
    made.show()
    yield made
    made.close()


def photo_of(likeness: Likeness | None, probability: float = 0.95) -> Photo:
    session = PhotoSession()
    (key,), _ = session.add([(Path("bird.jpg"), "bird.jpg")])
    session.set_answer(key, answer("bees", probability, likeness=likeness))
    found = session.get(key)
    assert found is not None
    return found


def test_a_stranger_is_called_one_and_nothing_is_sure(inspector: PhotoInspector) -> None:
    result = inspector.result
    result.show_photo(photo_of(LIKENESS), 0.5)
    assert result.stranger
    assert result.title.text() == "Unlike anything\nit was shown"
    assert plain(result.second.text()).replace("\N{FIRST STRONG ISOLATE}", "").replace(
        "\N{POP DIRECTIONAL ISOLATE}", ""
    ) == ("This model knows ants and bees. Its answer means little here.")
    assert result.verdict.isHidden()
    assert not result.bars._rows[0].sure
    assert result.sure.isHidden() or not result.sure.isVisible()
    assert plain(result.closest.limit.text()) == "limit 40 %"
    assert [plain(tile.accessibleName()) for tile in result.closest.tiles] == ["Bees 21 %", "Bees 18 %", "Ants 16 %"]
    assert result.correct.isHidden()


@pytest.mark.parametrize("likeness", [None, Likeness(0.8, 0.4, LIKENESS.nearest)])
def test_of_others_it_says_what_it_did(inspector: PhotoInspector, likeness: Likeness | None) -> None:
    result = inspector.result
    result.show_photo(photo_of(LIKENESS), 0.5)
    result.show_photo(photo_of(likeness), 0.5)
    assert not result.stranger
    assert (result.title.text(), result.verdict.text()) == ("Bees", "Very sure")
    assert result.closest.isHidden()
    assert result.sure.isVisible()
    assert result.bars._rows[0].sure


def test_pictures_are_asked_for_once_and_words_stay_where_a_photo_is_gone(
    inspector: PhotoInspector, qtbot: QtBot
) -> None:
    closest = inspector.result.closest
    with qtbot.waitSignal(closest.wanted) as asked:
        inspector.result.show_photo(photo_of(LIKENESS), 0.5)
    assert asked.args == [["7", "9", "3"]]
    bare = closest.tiles[0].height()
    picture = QImage(40, 30, QImage.Format.Format_RGB32)
    picture.fill(QColor("red"))
    closest.show_pictures({"7": picture, "9": QImage(), "3": picture})
    assert closest.tiles[0].height() > bare
    assert closest.tiles[0].picture == picture
    gone = closest.tiles[1].picture
    assert gone is not None
    assert gone.isNull()
    with qtbot.assertNotEmitted(closest.wanted):
        inspector.result.show_photo(photo_of(None), 0.5)
        inspector.result.show_photo(photo_of(LIKENESS), 0.5)


def test_the_footer_offers_what_can_be_done_with_a_stranger(inspector: PhotoInspector, qtbot: QtBot) -> None:
    def offered() -> list[str]:
        return [b.text() for b in inspector.findChildren(QPushButton) if b.isVisible() and b.text() in wanted]

    wanted = {"Add as a new class…", "Not of interest", "Export…", "Copy"}
    assert set(offered()) == {"Copy", "Export…"}
    inspector.set_stranger(True)
    assert set(offered()) == {"Add as a new class…", "Not of interest", "Export…"}
    button = next(b for b in inspector.findChildren(QPushButton) if b.text() == "Not of interest")
    with qtbot.waitSignal(inspector.no_interest_requested):
        button.click()


def test_lists_say_it_to_who_cannot_see(qtbot: QtBot) -> None:
    session = PhotoSession()
    (key,), _ = session.add([(Path("bird.jpg"), "bird.jpg")])
    session.set_answer(key, answer("bees", 0.95, likeness=LIKENESS))
    rows = PhotoListModel(session)
    found = session.get(key)
    assert found is not None
    assert "unlike anything the model was shown" in rows.describe(found)


def test_not_of_interest_is_an_example_of_none_of_these(tmp_path: Path) -> None:
    project = ProjectStore(tmp_path / "projects").create("Garden")
    placing = place(project, [NewPhoto(tmp_path / "bird.jpg")], "", "None of these", background=True)
    made = project.class_named("None of these")
    assert made is not None
    assert made.background
    assert placing.made_class == made.id
    project.rename_class(made.id, "Other")
    place(project, [NewPhoto(tmp_path / "cat.jpg")], "", "None of these", background=True)
    assert [one.name for one in project.classes if one.background] == ["Other"]
    assert len(project.ids_of(made.id)) == 2
    project.close()


def test_pictures_of_a_model_from_elsewhere_are_gone() -> None:
    for made in (Provenance(), Provenance(project="x", run="run-0001"), Provenance(project="../..", run="..")):
        assert shown_pictures(made, ["1"])["1"].isNull()


def test_evaluate_says_how_many_pass_for_its_own() -> None:
    def said(*unlike: bool | None, near: float | None = None) -> str:
        guesses = (Guess(0, "a", 0.9),)
        answers = tuple(Answer(str(n), Path("x"), 0, guesses, unlike=one) for n, one in enumerate(unlike))
        return plain(stranger_words(Evaluation("m", "M", ("a",), answers, near_accepted=near)))

    assert said(None, None) == ""
    assert said(False, False, False, True).startswith("Takes 75.0 % of these photos for its own")
    assert "never learnt" not in said(False)
    assert said(False, near=0.374).endswith("Of a class like these that it never learnt, about 37 % would pass.")
