"""Owns mending a photo's label from where the model was wrong: another class, left out, removed; each can be undone."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QMenu, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.training.evaluation_types import OTHER, Answer, Evaluation
from mobilenet_gui.ui.icons import icon
from mobilenet_gui.ui.wizard.class_picker import ClassPicker
from mobilenet_gui.ui.wizard.context import WizardContext
from mobilenet_gui.ui.wizard.undoing import Undoing


class LabelFixer(QObject):
    """Offers the ways to mend a label, and says of each tested photo what has become of it since."""

    def __init__(self, context: WizardContext, parent: QWidget) -> None:
        super().__init__(parent)
        self._context = context
        self._place = parent
        self._undoing = Undoing(context)

    def fixed(self, answer: Answer, evaluation: Evaluation) -> str:
        """Return what was done to a photo since it was tested, in words; empty for nothing."""
        photo = self._context.project.photo(answer.id)
        if photo is None:
            return tr("Removed")
        if photo.left_out:
            return tr("Left out")
        now = self._context.project.class_of(photo.class_id)
        if now is None or now.name == evaluation.classes[answer.truth] or now.background:
            return ""
        return tr("Moved to {name}").format(name=now.name)

    def count(self, evaluation: Evaluation) -> int:
        """Return how many of the mistakes have been mended."""
        return sum(bool(self.fixed(answer, evaluation)) for answer in evaluation.mistakes)

    def menu(self, answer: Answer, evaluation: Evaluation) -> QMenu:
        """Return the menu of what can be done to a photo; it deletes itself when it closes."""
        project = self._context.project
        menu = QMenu(self._place)
        menu.aboutToHide.connect(menu.deleteLater)
        photo = project.photo(answer.id)
        if photo is None:
            menu.addAction(tr("This photo is no longer in the project")).setEnabled(False)
            return menu
        said = project.class_named(evaluation.classes[answer.guess]) if answer.guess != OTHER else None
        if said is not None and said.id != photo.class_id:
            text = tr("It is {name}").format(name=said.name)
            menu.addAction(icon("check", "text2"), text, lambda: self._move(answer.id, said.id))
        menu.addAction(icon("tag", "text2"), tr("Another class…"), lambda: self._pick(answer.id, photo.class_id))
        menu.addSeparator()
        if photo.left_out:
            menu.addAction(icon("eye", "text2"), tr("Use it again"), lambda: self._take_back(answer.id))
        else:
            menu.addAction(icon("eye-off", "text2"), tr("Leave out"), lambda: self._leave_out(answer.id))
        menu.addAction(icon("trash", "text2"), tr("Remove from the project"), lambda: self._remove(answer.id))
        return menu

    def open_menu(self, answer: Answer, evaluation: Evaluation, at: QPoint) -> None:
        """Show the menu at a point of the screen."""
        self._at = at
        self.menu(answer, evaluation).popup(at)

    def _pick(self, photo_id: str, class_id: str) -> None:
        picker = ClassPicker(tr("This photo shows"), self._context.project, self._place, without=[class_id])
        picker.picked.connect(lambda key: self._move(photo_id, key))
        picker.named.connect(lambda name: self._move_to_new(photo_id, name))
        picker.open_at(self._at)

    def _move(self, photo_id: str, class_id: str) -> None:
        found = self._context.project.class_of(class_id)
        if found is not None:
            text = tr("Photo moved to {name}").format(name=found.name)
            self._undoing.do(lambda: self._context.project.move_photos([photo_id], class_id), text)

    def _move_to_new(self, photo_id: str, name: str) -> None:
        text = tr("Photo moved to {name}").format(name=name)
        self._undoing.do(lambda: self._context.project.split_class([photo_id], name), text)

    def _leave_out(self, photo_id: str) -> None:
        self._undoing.do(lambda: self._context.project.leave_out([photo_id]), tr("Photo left out"))

    def _take_back(self, photo_id: str) -> None:
        self._undoing.do(lambda: self._context.project.take_back([photo_id]), tr("Photo is used again"))

    def _remove(self, photo_id: str) -> None:
        self._undoing.do(lambda: self._context.project.remove_photos([photo_id]), tr("Photo removed from the project"))
