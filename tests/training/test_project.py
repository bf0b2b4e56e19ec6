"""A project while it is open: every change is one step, and undo brings back exactly what was there."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from mobilenet_gui.core.errors import ProjectError
from mobilenet_gui.training import project_file
from mobilenet_gui.training.project import Change, NewPhoto, Project
from mobilenet_gui.training.project_types import ProjectData, clean_name
from mobilenet_gui.training.sharing import Alike
from mobilenet_gui.training.training_settings import TrainingSettings


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Three classes: 4 birds, 3 frogs, no spiders."""
    (tmp_path / "garden").mkdir()
    project = Project(ProjectData(tmp_path / "garden", "garden", "Garden"))
    project.add_photos([NewPhoto(Path(f"/photos/bird {n}.jpg"), class_name="Birds", size=n) for n in range(4)])
    project.add_photos([NewPhoto(Path(f"/photos/frog {n}.jpg"), class_name="Frogs") for n in range(3)])
    project.add_class("Spiders")
    return project


def ids(project: Project, name: str) -> tuple[str, ...]:
    found = project.class_named(name)
    assert found is not None
    return project.ids_of(found.id)


def class_id(project: Project, name: str) -> str:
    found = project.class_named(name)
    assert found is not None
    return found.id


def state(project: Project) -> object:
    """Everything that can be seen of a project."""
    return (
        project.name,
        project.classes,
        project.settings,
        dict(project.photos),
        {c.id: (project.ids_of(c.id), project.photos_of(c.id), project.count(c.id)) for c in project.classes},
        project.count(),
    )


def test_photos_go_to_the_classes_they_name(project: Project) -> None:
    assert [c.name for c in project.classes] == ["Birds", "Frogs", "Spiders"]
    assert [project.count(c.id) for c in project.classes] == [4, 3, 0]
    assert project.count() == 7
    assert [p.path.name for p in project.photos_of(class_id(project, "birds"))] == [f"bird {n}.jpg" for n in range(4)]


def test_a_photo_that_is_there_already_is_left_alone(project: Project) -> None:
    again = [NewPhoto(Path("/photos/bird 1.jpg"), class_name="birds"), NewPhoto(Path("/photos/new.jpg"), "c1")]
    added = project.add_photos([*again, *again])
    assert (len(added.ids), added.known) == (1, 3)
    other = project.add_photos([NewPhoto(Path("/photos/bird 1.jpg"), class_name="Frogs")])
    assert len(other.ids) == 1  # in another class it is a finding for the doctor, not for us


def test_nothing_added_is_no_step(project: Project) -> None:
    text, revision = project.undo_text, project.revision
    assert project.add_photos([NewPhoto(Path("/photos/bird 1.jpg"), "c1")]) == ((), 1)
    assert (project.undo_text, project.revision) == (text, revision)


def test_folders_that_differ_in_case_alone_are_two_classes(project: Project) -> None:
    project.add_photos([NewPhoto(Path(f"/letters/{name}.png"), class_name=name) for name in ("a", "A", "b")])
    assert [c.name for c in project.classes[3:]] == ["a", "A", "b"]
    assert [project.count(c.id) for c in project.classes[3:]] == [1, 1, 1]
    assert class_id(project, "A") == project.classes[4].id
    assert class_id(project, "B") == project.classes[5].id
    project.save()  # and so they come back
    assert project_file.load(project.folder)[0].classes == project.classes


def test_relative_paths_become_absolute(project: Project) -> None:
    added = project.add_photos([NewPhoto(Path("here.jpg"), "c1")])
    photo = project.photo(added.ids[0])
    assert photo is not None
    assert photo.path == Path.cwd() / "here.jpg"


OPERATIONS: dict[str, Callable[[Project], object]] = {
    "add class": lambda p: p.add_class("Beetles", background=True),
    "rename class": lambda p: p.rename_class("c1", "BIRDS"),
    "background": lambda p: p.set_background("c3", True),
    "merge": lambda p: p.merge_classes(["c1", "c2"], "c3"),
    "split": lambda p: p.split_class(["1", "3", "5"], "Others"),
    "delete": lambda p: p.delete_class("c2"),
    "order": lambda p: p.order_classes(["c3", "c1"]),
    "add": lambda p: p.add_photos([NewPhoto(Path("/new/1.jpg"), class_name="Fish"), NewPhoto(Path("/new/2"), "c1")]),
    "move": lambda p: p.move_photos(["1", "2", "6", "99"], "c2"),
    "remove": lambda p: p.remove_photos(["1", "7"]),
    "leave out": lambda p: p.leave_out(["1", "2", "5"]),
    "pin": lambda p: p.pin_split(["3"], "test"),
    "group": lambda p: p.set_group(["3", "4"], "burst"),
    "paths": lambda p: p.set_paths({"2": Path("/elsewhere/bird.jpg")}),
    "settings": lambda p: p.set_settings(TrainingSettings(epochs=3)),
    "rename": lambda p: p.rename("  My\n garden "),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_operation_is_one_step_and_can_be_undone(project: Project, name: str) -> None:
    changes: list[Change] = []
    before, revision = state(project), project.revision
    end = project.subscribe(changes.append)
    OPERATIONS[name](project)
    after = state(project)
    assert after != before
    assert len(changes) == 1
    assert project.undo_text
    assert project.dirty
    text = project.undo_text
    assert project.undo() == text
    assert state(project) == before
    assert project.redo_text == text
    assert project.redo() == text
    assert state(project) == after
    assert project.revision == revision + 3
    assert len(changes) == 3
    assert changes[0] == changes[2]
    assert changes[0].added == changes[1].removed
    assert changes[0].classes == changes[1].classes
    end()
    project.undo()
    assert len(changes) == 3


def test_changes_tell_what_is_different(project: Project) -> None:
    changes: list[Change] = []
    project.subscribe(changes.append)
    project.move_photos(["1", "5"], "c2")
    assert changes[-1] == Change(changed=("1",), classes=frozenset({"c1", "c2"}))
    project.remove_photos(["6"])
    assert changes[-1] == Change(removed=("6",), classes=frozenset({"c2"}))
    project.add_photos([NewPhoto(Path("/n.jpg"), class_name="Fish")])
    assert changes[-1] == Change(added=("8",), classes=frozenset({"c4"}), class_list=True)
    project.rename_class("c4", "Fishes")
    assert changes[-1] == Change(classes=frozenset({"c4"}))
    project.rename("G")
    assert changes[-1] == Change(name=True)
    project.set_settings(TrainingSettings(seed=1))
    assert changes[-1] == Change(settings=True)
    project.undo()
    assert changes[-1] == Change(settings=True)


@pytest.mark.parametrize("seed", range(5))
def test_any_run_of_steps_can_be_taken_back_and_done_again(project: Project, seed: int) -> None:
    draw = random.Random(seed)
    history = [state(project)]
    for _ in range(60):
        photos = draw.sample(sorted(project.photos), k=min(len(project.photos), draw.randint(0, 4)))
        classes = [c.id for c in project.classes]
        choice = draw.randrange(8)
        revision = project.revision
        if choice == 0 or not classes:
            name = f"class {draw.randrange(1000)}"
            if not project.class_name_problem(name):
                project.add_class(name)
        elif choice == 1:
            project.add_photos(
                [
                    NewPhoto(Path(f"/p/{draw.randrange(30)}.jpg"), draw.choice(classes))
                    for _ in range(draw.randint(0, 6))
                ]
            )
        elif choice == 2:
            project.move_photos(photos, draw.choice(classes))
        elif choice == 3:
            project.remove_photos(photos)
        elif choice == 4:
            draw.choice([project.leave_out, project.take_back])(photos)
        elif choice == 5:
            project.merge_classes(draw.sample(classes, k=min(2, len(classes))), draw.choice(classes))
        elif choice == 6:
            project.delete_class(draw.choice(classes))
        else:
            project.order_classes(draw.sample(classes, k=len(classes)))
        if project.revision != revision:
            history.append(state(project))
    steps = 0
    for earlier in reversed(history[:-1]):
        project.undo()
        steps += 1
        assert state(project) == earlier
    for later in history[1:]:
        project.redo()
        assert state(project) == later
    assert steps > 20


def test_several_changes_can_be_one_step(project: Project) -> None:
    before = state(project)
    changes: list[Change] = []
    project.subscribe(changes.append)
    with project.step("Fix all"):
        project.leave_out(["1"])
        project.move_photos(["1", "2"], "c2")
        project.delete_class("c3")
        project.remove_photos(["2"])
    assert len(changes) == 1
    assert changes[0] == Change(removed=("2",), changed=("1",), classes=frozenset({"c1", "c2", "c3"}), class_list=True)
    assert project.undo_text == "Fix all"
    project.undo()
    assert state(project) == before


def test_a_step_that_fails_leaves_nothing(project: Project) -> None:
    before, text = state(project), project.undo_text

    def fix() -> None:
        with project.step("Fix all"):
            project.remove_photos(["1", "2"])
            project.rename("Half done")
            project.move_photos(["3"], "c99")

    with pytest.raises(ProjectError, match="not there"):
        fix()
    assert state(project) == before
    assert project.undo_text == text


def test_thousands_can_be_taken_in_by_and_by_as_one_step(project: Project) -> None:
    before = state(project)
    project.add_photos([NewPhoto(Path(f"/p/{n}.jpg"), class_name="Fish") for n in range(10)])
    project.add_more([NewPhoto(Path(f"/p/{n}.jpg"), class_name="Eels") for n in range(5, 25)])
    assert project.undo_text == "Add 30 photos"
    after = state(project)
    project.undo()
    assert state(project) == before
    project.redo()
    assert state(project) == after
    project.rename_class("c1", "Fowl")
    project.add_more([NewPhoto(Path("/p/last.jpg"), "c1")])
    project.undo()
    assert project.undo_text == "Rename class"


def test_undo_after_a_new_step_forgets_what_was_undone(project: Project) -> None:
    project.rename("A")
    project.undo()
    project.rename("B")
    assert project.redo_text == ""
    assert project.redo() == ""
    assert project.name == "B"


def test_the_oldest_steps_are_forgotten(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobilenet_gui.training.project_history.MAX_STEPS", 5)
    for n in range(20):
        project.rename(f"name {n}")
    while project.undo():
        pass
    assert project.name == "name 14"


def test_names_are_checked(project: Project) -> None:
    with pytest.raises(ProjectError, match="already"):
        project.add_class(" birds ")
    with pytest.raises(ProjectError, match="letter"):
        project.add_class(" \n\0 ")
    with pytest.raises(ProjectError, match="already"):
        project.rename_class("c2", "BIRDS")
    with pytest.raises(ProjectError, match="letter"):
        project.rename("")
    with pytest.raises(ProjectError, match="letter"):
        project.add_photos([NewPhoto(Path("/x.jpg"))])
    assert project.class_name_problem("Birds", "c1") == ""
    assert clean_name("A\u030a\tb\udcff" + "x" * 200) == ("Å b?" + "x" * 200)[:100]


def test_photos_keep_their_numbers_and_their_order(project: Project) -> None:
    project.remove_photos(["2"])
    added = project.add_photos([NewPhoto(Path("/photos/late.jpg"), "c1")])
    assert added.ids == ("8",)
    project.undo()
    project.undo()
    assert ids(project, "Birds") == ("1", "2", "3", "4")
    assert project.add_photos([NewPhoto(Path("/photos/later.jpg"), "c1")]).ids == ("9",)


def test_left_out_photos_are_not_counted(project: Project) -> None:
    project.leave_out(["1", "2"])
    assert (project.count("c1"), project.count()) == (2, 5)
    project.move_photos(["1"], "c2")
    assert (project.count("c1"), project.count("c2")) == (2, 3)
    project.take_back(["1", "2"])
    assert (project.count("c1"), project.count("c2"), project.count()) == (3, 4, 7)


def test_what_is_saved_comes_back(project: Project) -> None:
    for name in ("leave out", "pin", "group", "background", "settings", "order"):
        OPERATIONS[name](project)
    copied = project.folder / "photos" / "ab" / ("ab" + "0" * 62 + ".jpg")
    project.add_photos([NewPhoto(copied, "c1", copied=True), NewPhoto(Path("/ünï/\udcff\u2028 \"'.jpg"), "c1")])
    project.save()
    assert not project.dirty
    data, problem = project_file.load(project.folder)
    assert problem == ""
    assert state(Project(data)) == state(project)
    assert Project(data).add_photos([NewPhoto(Path("/x.jpg"), "c1")]).ids == (str(len(project.photos) + 1),)


def test_an_older_save_never_replaces_a_newer_one(project: Project) -> None:
    project.rename("old")
    old = project.snapshot()
    project.rename("new")
    project_file.save(project.snapshot())
    project_file.save(old)
    assert project_file.load(project.folder)[0].name == "new"


def test_saving_from_many_threads_leaves_the_newest(project: Project) -> None:
    snapshots = []
    for n in range(12):
        project.rename(f"name {n}")
        snapshots.append(project.snapshot())
    threads = [
        threading.Thread(target=project_file.save, args=(one,)) for one in random.Random(1).sample(snapshots, 12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert project_file.load(project.folder)[0].name == "name 11"


def test_a_snapshot_does_not_change_with_the_project(project: Project) -> None:
    snapshot = project.snapshot()
    project.remove_photos(["1"])
    project.rename("Other")
    assert "1" in snapshot.photos
    assert snapshot.name == "Garden"


# --- what a training is given


def test_a_run_gets_the_photos_that_take_part(project: Project, tmp_path: Path) -> None:
    project.leave_out(["1"])
    spec = project.spec_for_run(tmp_path / "base", tmp_path / "cache", run_id="run-0001")
    assert spec.classes == ("Birds", "Frogs")  # nobody can learn an empty class
    assert [s.id for s in spec.samples] == ["2", "3", "4", "5", "6", "7"]
    assert [s.label for s in spec.samples] == [0, 0, 0, 1, 1, 1]
    assert {s.split for s in spec.samples} == {"train", "validation", "test"}
    assert (spec.id, spec.project_id, spec.name, spec.background) == ("run-0001", "garden", "Garden", None)
    assert project.spec_for_run(tmp_path, tmp_path).samples == spec.samples


def test_the_background_class_comes_last(project: Project, tmp_path: Path) -> None:
    project.set_background("c1", True)
    spec = project.spec_for_run(tmp_path, tmp_path)
    assert (spec.classes, spec.background) == (("Frogs", "Birds"), 1)
    assert [s.label for s in spec.samples] == [1, 1, 1, 1, 0, 0, 0]
    project.undo()
    project.set_settings(TrainingSettings(reject=True))
    spec = project.spec_for_run(tmp_path, tmp_path)
    assert (spec.classes, spec.background) == (("Birds", "Frogs", "None of these"), 2)


def test_bursts_and_duplicates_are_never_parted(project: Project, tmp_path: Path) -> None:
    project.set_group(["1", "2"], "burst")
    spec = project.spec_for_run(tmp_path, tmp_path, Alike({"2": "same", "3": "same", "5": "same too", "6": "same too"}))
    split = {s.id: s.split for s in spec.samples}
    group = {s.id: s.group for s in spec.samples}
    assert split["1"] == split["2"] == split["3"]
    assert group["1"] == group["3"] != group["5"] == group["6"]
    assert group["7"] == ""


def test_no_photos_is_an_error_in_words(tmp_path: Path) -> None:
    project = Project(ProjectData(tmp_path, "empty", "Empty"))
    project.add_class("Birds")
    with pytest.raises(ProjectError, match="no photos to learn from"):
        project.spec_for_run(tmp_path, tmp_path)


def test_whatever_it_is_given_it_can_read_what_it_saved(project: Project) -> None:
    draw = random.Random(11)
    letters = ["a", "A", "ß", "é", "e\u0301", "\udcff", " ", "\u2028", "\n", '"', "\\", "/", "鳥", "🌱", "İ", "x" * 60]
    names = ["".join(draw.choices(letters, k=draw.randint(1, 6))) for _ in range(300)]
    photos = [
        NewPhoto(Path("/" + name.replace("\n", "") * 3) / f"{n}.jpg", class_name=name, group=name * 20, mtime_ns=-n)
        for n, name in enumerate(names)
        if clean_name(name)
    ]
    photos.append(NewPhoto(Path("/" + "/".join(["deep" * 50] * 100)), class_name="Deep"))
    project.add_photos(photos)
    project.set_group(["1"], "y" * 1000)
    project.rename("\u202e" + "n" * 500)
    project.save()
    data, problem = project_file.load(project.folder)
    assert problem == ""
    assert state(Project(data)) == state(project)
    with pytest.raises(ProjectError, match="not a valid path"):
        project.add_photos([NewPhoto(Path("/a\0b.jpg"), "c1")])
