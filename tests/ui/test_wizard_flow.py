"""The wizard's rules: which steps can be gone to, where a project is opened, what each step says of itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mobilenet_gui.ui.wizard import flow
from mobilenet_gui.ui.wizard.flow import KEYS, Situation

EMPTY = Situation()
ONE_CLASS = Situation(photos=30, classes=1, usable_classes=1)
READY = Situation(photos=40, classes=2, usable_classes=2)
TRAINING = Situation(photos=40, classes=2, usable_classes=2, run="running", run_note="3:40 left", settings="Balanced")
TRAINED = Situation(
    photos=40, classes=2, usable_classes=2, checked=True, settings="Balanced", run="finished",
    run_note="Finished in 8 min", accuracy=0.95,
)  # fmt: skip


@pytest.mark.parametrize(
    ("situation", "open_steps"),
    [
        (EMPTY, {"data"}),
        (ONE_CLASS, {"data"}),
        (Situation(photos=41, classes=3, usable_classes=2), {"data"}),
        (READY, {"data", "check", "settings"}),
        (TRAINING, {"data", "check", "settings", "train"}),
        (TRAINED, set(KEYS)),
    ],
)
def test_steps_open_as_the_project_gets_on(situation: Situation, open_steps: set[str]) -> None:
    assert {key for key in KEYS if flow.reachable(situation, key)} == open_steps


def test_an_old_result_stays_in_reach_while_a_new_training_runs() -> None:
    again = Situation(photos=40, classes=2, usable_classes=2, run="running", accuracy=0.9)
    assert flow.reachable(again, "evaluate")
    assert flow.first_step(again) == "train"


@pytest.mark.parametrize(
    ("situation", "first"),
    [(EMPTY, "data"), (READY, "data"), (TRAINING, "train"), (TRAINED, "evaluate"),
     (Situation(photos=4, classes=2, usable_classes=2, run="interrupted"), "train")],
)  # fmt: skip
def test_a_project_is_opened_where_its_owner_left_off(situation: Situation, first: str) -> None:
    assert flow.first_step(situation) == first


def test_steps_tell_what_was_done() -> None:
    shown = {step.key: step for step in flow.steps(TRAINED, "evaluate")}
    assert shown["data"].detail == "40 photos"
    assert shown["check"].detail == "All fixed"
    assert shown["train"].detail == "Finished in 8 min"
    assert "95.0" in shown["evaluate"].detail
    assert [shown[key].state for key in KEYS] == ["done", "done", "done", "done", "current", "todo"]


def test_the_check_stays_ticked_until_the_photos_change() -> None:
    def state(situation: Situation) -> str:
        return next(step.state for step in flow.steps(situation, "evaluate") if step.key == "check")

    assert state(TRAINED) == "done"
    assert state(replace(TRAINED, checked=False)) == "done"  # opened again: it was passed in an earlier sitting
    assert state(replace(TRAINED, checked=False, changed=True)) == "todo"
    assert state(replace(TRAINED, to_fix=1)) == "todo"


def test_nothing_is_ticked_before_it_was_passed() -> None:
    assert [step.state for step in flow.steps(READY, "data")] == ["current", *["todo"] * 5]
    to_fix = Situation(photos=40, classes=2, usable_classes=2, checked=True, to_fix=3)
    check = flow.steps(to_fix, "settings")[1]
    assert (check.state, check.detail) == ("todo", "3 left to fix")
    check = flow.steps(replace(to_fix, to_fix=0, to_look=2), "settings")[1]
    assert (check.state, check.detail) == ("done", "2 to look at")


def test_what_is_missing_is_said() -> None:
    assert "two classes" in flow.data_problem(EMPTY)
    assert "One more class" in flow.data_problem(ONE_CLASS)
    assert "Frogs" in flow.data_problem(Situation(photos=5, classes=2, usable_classes=1), ("Frogs",))
    assert flow.data_problem(READY) == ""
