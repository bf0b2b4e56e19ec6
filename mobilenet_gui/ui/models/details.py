"""Owns the panel at the right of the models page: what the chosen model is, and what else can be done with it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from mobilenet_gui.core.speed import Speed
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.models import words
from mobilenet_gui.ui.models.facts import Fact, description, figures, origin, where
from mobilenet_gui.ui.models.items import ModelItem
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import INSPECTOR_MARGIN
from mobilenet_gui.ui.widgets.buttons import Button, IconButton
from mobilenet_gui.ui.widgets.fields import LineEdit
from mobilenet_gui.ui.widgets.inspector import Inspector
from mobilenet_gui.ui.widgets.labels import Divider, text_label
from mobilenet_gui.ui.widgets.painting import draw_text
from mobilenet_gui.ui.widgets.scatter import ScatterPlot, ScatterPoint
from mobilenet_gui.workers.model_state import TaskState
from mobilenet_gui.workers.model_work import MAX_NAME_LENGTH

_ROW_HEIGHT = 26
_SQUEEZE = 12


class FactRow(QWidget):
    """A name at the left, its value at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fact = Fact("", "")
        self.setFixedHeight(fonts.px(_ROW_HEIGHT))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_fact(self, fact: Fact) -> None:
        """Show a row."""
        self._fact = fact
        self.setAccessibleName(f"{fact.name}: {fact.value}")
        self.setToolTip(fact.help)
        self.update()

    def fact(self) -> Fact:
        """Return what it shows."""
        return self._fact

    def sizeHint(self) -> QSize:
        """Return a size."""
        return QSize(200, fonts.px(_ROW_HEIGHT))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw both."""
        painter = QPainter(self)
        colours, fact = tokens(), self._fact
        rect = QRectF(self.rect())
        taken = draw_text(painter, rect, fact.name, fonts.font("body"), colours.text2)
        left = rect.adjusted(taken + 12, 0, 0, 0)
        face = fonts.font("body", fonts.MEDIUM)
        width = draw_text(painter, left, fact.value, face, colours.named(fact.tone), align=Qt.AlignmentFlag.AlignRight)
        if fact.icon:
            size = fonts.px(16)
            box = QRectF(rect.right() - width - 6 - size, 0, size, rect.height())
            paint_icon(painter, fact.icon, box, colours.named(fact.tone), size)


class FactRows(QWidget):
    """Facts, one below the other; `rows` are those that were ever needed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[FactRow] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)

    def show_facts(self, facts: Sequence[Fact]) -> None:
        """Show other facts."""
        for _ in range(len(facts) - len(self.rows)):
            row = FactRow()
            self._column.addWidget(row)
            self.rows.append(row)
        for index, row in enumerate(self.rows):
            row.setVisible(index < len(facts))
            if index < len(facts):
                row.show_fact(facts[index])

    def facts(self) -> list[Fact]:
        """Return what it shows."""
        return [row.fact() for row in self.rows if not row.isHidden()]


class NameEditor(QWidget):
    """The model's name; a pencil turns it into a field.

    Attributes:
        renamed: the person gave another name.
    """

    renamed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = text_label("", "result", "text", fonts.SEMIBOLD, wrap=True)
        self.pencil = IconButton("pencil", tr("Rename"), size=28)
        self.edit = LineEdit()
        self.edit.setAccessibleName(tr("Name of the model"))
        self.edit.setMaxLength(MAX_NAME_LENGTH)
        self.edit.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self._label, 1)
        row.addWidget(self.edit, 1)
        row.addWidget(self.pencil, 0, Qt.AlignmentFlag.AlignTop)
        self.pencil.clicked.connect(self._begin)
        self.edit.returnPressed.connect(self._finish)
        self.edit.installEventFilter(self)

    def show_name(self, name: str, *, editable: bool) -> None:
        """Show a name."""
        if name != self._label.text():
            self._close()
        self._label.setText(name)
        self.pencil.setVisible(editable)

    def name(self) -> str:
        """Return the name shown."""
        return self._label.text()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Give up on Escape, take the name when the field is left."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape:
            self._close()
            return True
        if event.type() == QEvent.Type.FocusOut and self.edit.isVisible():
            self._finish()
        return super().eventFilter(watched, event)

    def _begin(self) -> None:
        self.edit.setText(self._label.text())
        self._label.hide()
        self.edit.show()
        self.edit.selectAll()
        self.edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def _finish(self) -> None:
        name = " ".join(self.edit.text().split())
        before = self._label.text()
        self._close()
        if name and name != before:
            self._label.setText(name)
            self.renamed.emit(name)

    def _close(self) -> None:
        if self.edit.isHidden():
            return
        had_focus = self.edit.hasFocus()
        self.edit.hide()
        self._label.show()
        if had_focus:
            self.pencil.setFocus(Qt.FocusReason.OtherFocusReason)


class ModelDetails(Inspector):
    """The panel.

    Attributes:
        asked: a button: the model's id and one of measure, remove, download, use, teach.
        renamed: the model's id and its new name.
        picked: a dot of the plot: a model's id.
    """

    asked = Signal(str, str)
    renamed = Signal(str, str)
    picked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._item: ModelItem | None = None
        self.top.addWidget(text_label(tr("Details"), "body", "text2", fonts.SEMIBOLD))
        self.name = NameEditor()
        self.name.renamed.connect(self._rename)
        self._here = text_label("", "small", "ok", fonts.SEMIBOLD)
        self._pixels = text_label("", "small", "text2", wrap=True)
        self._about_title = text_label(tr("About"), "small", "text2", fonts.SEMIBOLD)
        self._about = text_label("", "body", "text", wrap=True)
        title = tr("Correct, in %, against time per photo here")
        self._plot_title = text_label(title, "small", "text2", fonts.SEMIBOLD, wrap=True)
        self.plot = ScatterPlot()
        self.plot.picked.connect(self.picked)
        self._plot_note = text_label("", "caption", "text2", wrap=True)
        self.figures, self.origin = FactRows(), FactRows()
        place = QHBoxLayout()
        place.setSpacing(8)
        place.addWidget(self._here)
        place.addWidget(self._pixels, 1)
        self.body.addWidget(self.name)
        self.body.addSpacing(2)
        self.body.addLayout(place)
        self.body.addSpacing(10)
        self._plot_end = Divider()
        for widget, space in (
            (self._plot_title, 4), (self.plot, 4), (self._plot_note, 12),
            (self._plot_end, 8), (self.figures, 12), (self._about_title, 4), (self._about, 14),
            (Divider(), 8), (self.origin, 0),
        ):  # fmt: skip
            self.body.addWidget(widget)
            self.body.addSpacing(space)
        self._add_footer()

    def _add_footer(self) -> None:
        self.measure = IconButton("stopwatch", tr("Measure the speed"), framed=True)
        self.remove = IconButton("trash", tr("Remove from this computer"), framed=True, tone="bad")
        self.teach = Button(tr("Fine-tune…"))
        self.teach.setToolTip(tr("Teach it classes of your own: begin a new model with this one as its base"))
        self.use = Button(tr("Use"), kind="primary")
        self.download = Button(tr("Get"), "download", kind="primary")
        small = QHBoxLayout()
        self._buttons = row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        for layout in (small, row):
            layout.setSpacing(8)
        row.addLayout(small)
        for icon, action in ((self.measure, "measure"), (self.remove, "remove")):
            icon.clicked.connect(lambda _checked=False, action=action: self._ask(action))
            small.addWidget(icon)
        for button, action in ((self.teach, "teach"), (self.use, "use"), (self.download, "download")):
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _checked=False, action=action: self._ask(action))
            row.addWidget(button)
        self.footer.addLayout(row)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the buttons one above the other where large text leaves no room."""
        super().resizeEvent(event)
        shown = [b for b in (self.measure, self.remove, self.teach, self.use) if not b.isHidden()]
        needed = sum(button.sizeHint().width() + 8 for button in shown) - 8
        # Side by side they may lose a little of their padding, at 280 pixels for one.
        fits = needed <= self.width() - 2 * INSPECTOR_MARGIN + _SQUEEZE
        self._buttons.setDirection(QBoxLayout.Direction.LeftToRight if fits else QBoxLayout.Direction.TopToBottom)

    @property
    def item(self) -> ModelItem | None:
        """The model shown."""
        return self._item

    def show_item(
        self, item: ModelItem | None, speed: Speed | None = None, disk_bytes: int = 0, task: TaskState | None = None
    ) -> None:
        """Show a model, or that none is chosen.

        Args:
            item: the model.
            speed: its measurement, None where there is none.
            disk_bytes: what it takes on the disk; 0 where it is not installed.
            task: what is being done to it.
        """
        self._item = item
        for widget in (self.name, self._here, self._pixels, self._about_title, self._about):
            widget.setVisible(item is not None)
        if item is not None:
            self.name.show_name(item.name, editable=item.installed and not item.builtin)
            here, pixels = where(item)
            self._here.setText(here)
            self._here.set_tone("ok" if item.installed else "accentText")
            self._pixels.setText(pixels)
            self._about.setText(description(item))
        self.figures.show_facts([] if item is None else figures(item, speed, disk_bytes))
        self.origin.show_facts([] if item is None else origin(item))
        self._show_buttons(item, task)

    def show_task(self, task: TaskState | None) -> None:
        """Show what can be done while a task runs."""
        self._show_buttons(self._item, task)

    def show_points(self, points: Sequence[ScatterPoint]) -> None:
        """Show the plot."""
        self.plot.set_points(points)
        for widget in (self.plot, self._plot_title, self._plot_note, self._plot_end):
            widget.setVisible(bool(points))
        estimated = any(point.estimated for point in points)
        self._plot_note.setText(tr("Hollow: estimated until it is on this computer.") if estimated else "")
        self._plot_note.setVisible(estimated)

    def _rename(self, name: str) -> None:
        if self._item is not None:
            self.renamed.emit(self._item.id, name)

    def _ask(self, action: str) -> None:
        if self._item is not None:
            self.asked.emit(self._item.id, action)

    def _show_buttons(self, item: ModelItem | None, task: TaskState | None) -> None:
        installed = item is not None and item.installed
        running = task is not None and task.running
        self.measure.setVisible(item is not None and installed and not item.backbone)
        self.measure.setEnabled(not running)
        known = item is not None and item.milliseconds is not None and not item.estimated
        self.measure.set_tooltip(tr("Measure the speed again") if known else tr("Measure the speed"))
        usable = item is not None and installed and not item.active and not item.backbone
        self.use.setVisible(usable)
        self.teach.setVisible(item is not None and item.bundle is not None and item.bundle.trainable)
        self.teach.set_kind("secondary" if usable else "primary")
        self.remove.setVisible(item is not None and installed and not item.builtin)
        # A measurement gives way to whatever is asked next.
        self.remove.setEnabled(not running or (task is not None and task.kind == "measure"))
        self.download.setVisible(item is not None and not installed and not running and not (task and task.paused))
        if item is not None and not installed:
            self.download.set_text(tr("Get, {size}").format(size=words.megabytes(item.size_bytes)))
