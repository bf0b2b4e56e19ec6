"""The wizard's second step: what is wrong with the photos, the way out of one click for each, and a look at them."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from mobilenet_gui.i18n import shown, tr, trn
from mobilenet_gui.training.doctor_findings import LOOKING, Examination, Finding, Fix
from mobilenet_gui.training.doctor_guard import Guarded, guarded
from mobilenet_gui.training.project import Change
from mobilenet_gui.training.run_folder import RunFolder
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.labels import text_label
from mobilenet_gui.ui.wizard.check_summary import CheckSummary
from mobilenet_gui.ui.wizard.context import WizardContext
from mobilenet_gui.ui.wizard.data_classes import ClassModel
from mobilenet_gui.ui.wizard.data_detail import ClassDetail
from mobilenet_gui.ui.wizard.finding_row import FindingList
from mobilenet_gui.ui.wizard.flow import Key
from mobilenet_gui.ui.wizard.page import Footer, WizardPage, back, forward, scrolled_across
from mobilenet_gui.ui.wizard.situation import what_is_missing
from mobilenet_gui.ui.wizard.undoing import Undoing
from mobilenet_gui.workers.checkup import CheckupTask, apply_fix


class CheckPage(WizardPage):
    """The step."""

    key: ClassVar[Key] = "check"

    def __init__(self, context: WizardContext) -> None:
        super().__init__(
            context, tr("Check the photos"), tr("Problems in the data cost more accuracy than any setting.")
        )
        self._undoing = Undoing(context)
        self._shown = False
        self._looking: Finding | None = None
        self._weights = context.project.settings.class_weights
        self.checkup = CheckupTask(context.project, context.training, context.tasks.runner, self)
        self.summary = CheckSummary()
        self.again = Button(tr("Check again"), "refresh")
        self.again.setToolTip(tr("Look at the files anew, as they are on the disk now"))
        self.add_heading_widget(self.again)
        self.findings = FindingList(context.shelf)
        self.fine = _FineLine()
        self.classes = ClassModel(context.project, context.files, self)
        self._detail: ClassDetail | None = None
        self.views = QStackedWidget()
        self.overview = QWidget()
        self._lay_out()
        self.checkup.changed.connect(self.refresh)
        self.summary.action.connect(self._act)
        self.again.clicked.connect(self.check_again)
        context.files.changed.connect(self._follow_files)
        context.hub.project_changed.connect(self._follow)
        self.refresh()

    # -- what the dialog asks ---------------------------------------------------------------------------------------

    def entered(self) -> None:
        """Examine the photos, unless that was done since the last change."""
        self._shown = True
        self.checkup.examine(self._evaluation())
        self.refresh()

    def left(self) -> None:
        """Show the overview the next time."""
        self._shown = False
        self.show_overview()

    def shut_down(self) -> None:
        """Stop examining."""
        self.checkup.stop()

    def footer(self) -> Footer:
        """Say that nothing is deleted, and let nobody be held up."""
        missing = what_is_missing(self.context)
        if missing:  # left out or undone here: nothing can be learnt any more
            return Footer(missing, actions=(back(), forward(enabled=False, tip=missing)))
        found = self.checkup.examination
        if found is None and self.checkup.running:
            # Nothing is known yet that one could go on in spite of.
            on = forward(tr("Skip the check"), kind="secondary")
        elif found is None or any(f.severity != "hint" for f in found.open) or self.checkup.running:
            on = forward(tr("Continue anyway"), kind="secondary")
        else:
            on = forward()
        return Footer(tr("Nothing is deleted. Photos are only left out."), actions=(back(), on))

    @property
    def detail(self) -> ClassDetail:
        """The view of a finding's photos; built when it is first wanted."""
        if self._detail is None:
            self._detail = ClassDetail(self.context, self.classes, self._undoing)
            self._detail.back_requested.connect(self.show_overview)
            self.views.addWidget(self._detail)
        return self._detail

    # -- doing ------------------------------------------------------------------------------------------------------

    def fix(self, finding: Finding) -> None:
        """Take the way out that is offered."""
        if finding.fix is not None:
            self._apply((finding.fix,), finding.fix.text, _done_words(finding))

    def check_again(self) -> None:
        """Look at the photos anew, whatever is known of them."""
        self.context.shelf.clear()
        self.context.files.ask()
        self.checkup.examine_again(self._evaluation())
        self.refresh()

    def undo(self, finding: Finding) -> None:
        """Take a way out back."""
        if finding.undo is not None:
            self._apply((finding.undo,), tr("Undo: {what}").format(what=finding.fixed_text), "")

    def fix_all(self) -> None:
        """Take every way out that needs no judgement."""
        found, count = self.checkup.examination, len(self._guarded_all().fixes)
        if found is not None and count:
            self._apply(found.fix_all(), tr("Fix all"), trn("{n} problem fixed", "{n} problems fixed", count))

    def look(self, finding: Finding) -> None:
        """Show a finding's photos; for one about classes, the classes."""
        if not finding.photo_ids:
            self.context.hub.go.emit("data")
            return
        self._looking = finding
        captions: dict[str, str] = {}
        project = self.context.project
        for number, group in enumerate(finding.photo_ids, start=1):
            note = finding.notes[number - 1] if number <= len(finding.notes) else ""
            for photo_id in group:
                photo = project.photo(photo_id)
                row = None if photo is None else self.classes.find(photo.class_id)
                name = "" if row is None else row.name
                several = len(group) > 1
                captions[photo_id] = f"{number}: {shown(name)}" if several else note or name
        self.detail.rows.captions = captions
        self.detail.show_photos(finding.photos, finding.title)
        self.heading.hide()
        self.views.setCurrentWidget(self.detail)
        self.detail.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_overview(self) -> None:
        """Show all findings."""
        self._looking = None
        self.heading.show()
        self.views.setCurrentWidget(self.overview)

    def _guarded_all(self) -> Guarded:
        """Return what Fix all does: nothing that leaves a class, or a part of the data, without photos."""
        found = self.checkup.examination
        return self._guard(() if found is None else found.fix_all())

    def _guard(self, fixes: tuple[Fix, ...]) -> Guarded:
        found = self.checkup.examination
        unusable = frozenset[str]() if found is None else found.unusable
        return guarded(fixes, self.context.project.photos.values() if fixes else (), unusable)

    def _apply(self, fixes: tuple[Fix, ...], step: str, words: str) -> None:
        safe = self._guard(fixes)
        kept = self._words_of_spared(safe)
        if safe.fixes:
            said = f"{words}. {kept}" if kept and words else words
            self._undoing.do(lambda: apply_fix(self.context.project, safe.fixes, step), said)
        else:
            self.context.toasts.show_message(kept)

    def _words_of_spared(self, safe: Guarded) -> str:
        """Say which photos a fix must not take; empty where it takes all."""
        count = safe.spared.total()
        if not count:
            return ""
        names = [one.name for one in self.context.project.classes if safe.spared[one.id]]
        words = trn(
            "{n} photo stays: {names} would have too few",
            "{n} photos stay: {names} would have too few",
            count,
        )
        rest = trn("{name} and {n} more class", "{name} and {n} more classes", len(names) - 1)
        return words.replace("{names}", names[0] if len(names) == 1 else rest.replace("{name}", names[0]))

    def _act(self) -> None:
        if self.checkup.error is not None:
            self.checkup.examine(self._evaluation())
        else:
            self.fix_all()

    def _evaluation(self) -> Path | None:
        latest = self.context.latest
        if latest.folder is None or latest.accuracy is None or latest.status != "finished":
            return None
        return RunFolder(latest.folder).evaluation_path

    # -- showing ----------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show how the examination stands."""
        task, found = self.checkup, self.checkup.examination
        self.again.setEnabled(not task.running)
        if task.error is not None and not task.running:
            self.summary.gauge.show_left(0, 0.0)
            self.summary.show_words(tr("The photos could not be checked"), str(task.error), tr("Try again"), "refresh")
        elif found is None:
            self.summary.gauge.show_progress(task.fraction)
            self.summary.show_words(tr("Checking the photos"), self._how_far())
        else:
            self._show(found)
        some = found is not None and found.checked > 0
        self.findings.setVisible(found is not None and bool(found.findings))
        self.fine.setVisible(some and found is not None and bool(found.fine))
        state = self.context.checkup
        urgent = 0 if found is None else sum(finding.severity != "hint" for finding in found.open)
        hints = 0 if found is None else len(found.open) - urgent
        revision = task.revision
        if (state.revision, state.to_fix, state.to_look) != (revision, urgent, hints):
            state.revision, state.to_fix, state.to_look = revision, urgent, hints
            state.outdated = state.outdated and revision < 0
            self.context.hub.stale.emit()
        self.changed.emit()

    def _how_far(self) -> str:
        """Say of how many photos the examination under way has seen how many."""
        share, photos = self.checkup.fraction, len(self.context.project.photos)
        count = trn("{n} photo", "{n} photos", photos)
        if share is None:
            return tr("{photos}, each looked at once").format(photos=count)
        if share >= LOOKING:
            return tr("{photos} looked at, now compared with one another").format(photos=count)
        return tr("{done} of {photos} looked at").format(done=f"{round(share / LOOKING * photos):,}", photos=count)

    def _show(self, found: Examination) -> None:
        for row in self.findings.show_findings(found.findings):
            row.fix_requested.connect(lambda r=row: self.fix(r.finding))
            row.undo_requested.connect(lambda r=row: self.undo(r.finding))
            row.look_requested.connect(lambda r=row: self.look(r.finding))
            row.find_requested.connect(self.context.hub.find_photos)
        left, done = len(found.open), len(found.findings) - len(found.open)
        urgent = sum(finding.severity != "hint" for finding in found.open)
        hints = left - urgent
        if self.checkup.running:
            self.summary.gauge.show_progress(self.checkup.fraction)
        else:
            # The same number as in the list of steps: hints hold nobody up.
            self.summary.gauge.show_left(urgent or hints, done / max(1, left + done))
        nothing = tr("Nothing to fix") if found.checked else tr("No photos to check")
        title = trn("{n} thing to fix", "{n} things to fix", urgent) if urgent else nothing
        if hints and urgent:
            title = tr("{fix}, {n} to look at").format(fix=title, n=hints)
        elif hints:
            title = trn("{n} thing to look at", "{n} things to look at", hints)
        seconds = f"{found.seconds:.1f}" if found.seconds < 100 else f"{found.seconds:.0f}"
        words = trn("{n} photo checked", "{n} photos checked", found.checked)
        # Photos known from before take no time worth telling.
        words = f"{words}." if found.seconds < 0.1 else tr("{what} in {time} s.").format(what=words, time=seconds)
        if done:
            fixed = trn("One problem is already fixed.", "{n} problems are already fixed.", done)
            words = f"{words} {fixed}"
        if self.checkup.running and self.checkup.fraction is not None and self.checkup.fraction < LOOKING:
            # Photos came that are not known yet.
            words = tr("Checking again: {how_far}").format(how_far=self._how_far())
        everything = self._guarded_all()
        if found.fix_all() and not everything.fixes:
            words = tr("What is left would leave a class without photos, so it is for you to decide.")
        self.summary.show_words(title, words, tr("Fix all") if everything.fixes else "")
        self.fine.show_names(found.fine, also=bool(found.findings))

    def _follow_files(self) -> None:
        """Check again what was checked: files have gone, come back, or been written again."""
        self.context.shelf.clear()
        if self._shown:
            self.checkup.examine_again(self._evaluation())
        elif self.checkup.revision >= 0:
            self.checkup.revision = self.context.checkup.revision = -1
        self.refresh()

    def _follow(self, change: Change) -> None:
        self.classes.follow(change)
        if self._looking is not None:
            self.detail.follow(change)
        weights = self.context.project.settings.class_weights
        judged, self._weights = change.settings and weights != self._weights, weights
        if change.added or change.removed or change.changed or change.class_list or judged:
            if self._shown:
                self.checkup.examine(self._evaluation(), soon=True)
            elif self.checkup.revision >= 0:
                self.context.checkup.revision = -1

    # -- building ---------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.body.setContentsMargins(0, 0, 0, 0)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 20)
        column.setSpacing(14)
        for widget in (self.summary, self.findings, self.fine):
            column.addWidget(widget)
        column.addStretch(1)
        outer = QVBoxLayout(self.overview)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled_across(inner))
        self.views.addWidget(self.overview)
        self.body.addWidget(self.views, 1)


def _done_words(finding: Finding) -> str:
    """Return what a fix has done, in words."""
    if finding.kind == "alike_names" and finding.fix is not None:
        into, gone = len(finding.fix.steps), sum(len(step.photo_ids) for step in finding.fix.steps)
        words = trn("{n} class merged into {into}", "{n} classes merged into {into}", gone + into)
        return words.replace("{into}", str(into))
    return finding.title


class _FineLine(QWidget):
    """A tick, and the names of what is in order."""

    def __init__(self) -> None:
        super().__init__()
        self._words = text_label("", "small", "text2", wrap=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(fonts.px(16) + 8, 0, 0, 0)
        row.addWidget(self._words, 1)

    def show_names(self, names: tuple[str, ...], *, also: bool) -> None:
        """Name what is in order, `also` beside what is not."""
        words = tr("Also checked and fine: {names}") if also else tr("Checked and fine: {names}")
        self._words.setText(words.format(names=", ".join(map(shown, names))))

    def text(self) -> str:
        """Return the sentence."""
        return self._words.text()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the tick beside the first line."""
        size = fonts.px(16)
        paint_icon(QPainter(self), "check", QRectF(0, self._words.y(), size, fonts.px(17)), tokens().ok, size)
