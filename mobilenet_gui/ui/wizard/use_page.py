"""Owns step 6 of the wizard: the model comes into the program, and out of it in other programs' formats, proved."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from mobilenet_gui.core.answers import percent
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import UserError
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.evaluation_types import Answer, Evaluation
from mobilenet_gui.training.export_formats import formats_for
from mobilenet_gui.training.export_job import ExportFormat, ExportResult
from mobilenet_gui.ui.widgets.banner import Banner
from mobilenet_gui.ui.widgets.card import Card
from mobilenet_gui.ui.widgets.labels import Divider, text_label
from mobilenet_gui.ui.wizard.context import WizardContext
from mobilenet_gui.ui.wizard.export_row import ExportRow
from mobilenet_gui.ui.wizard.flow import Key
from mobilenet_gui.ui.wizard.page import Action, Footer, WizardPage, scrolled
from mobilenet_gui.ui.wizard.run_link import book_of, chosen_run
from mobilenet_gui.ui.wizard.try_card import TryCard
from mobilenet_gui.workers.run_book import RunInfo
from mobilenet_gui.workers.run_install import install_key, install_run

_ORDER: tuple[ExportFormat, ...] = (
    "onnx", "tflite", "tflite-float16", "tflite-int8", "keras", "savedmodel", "tfjs",
)  # fmt: skip


class UsePage(WizardPage):
    """The page. The model of the chosen training is installed when the page is gone to."""

    key: ClassVar[Key] = "use"

    def __init__(self, context: WizardContext) -> None:
        super().__init__(context, tr("Your model is ready"))
        self.book = book_of(context)
        self.exports = context.training.exports
        self._shown = False
        self._run: RunInfo | None = None
        self._bundle: Bundle | None = None
        self._problem = ""
        self._page_wanted = ""
        self._best: Answer | None = None
        self._output: Path | None = None
        self.card = TryCard()
        self.banner = Banner("info", "", closable=False)
        self.details = text_label("", "small", "text2", wrap=True)
        self.rows: dict[ExportFormat, ExportRow] = {}
        self._list = Card(margin=0)
        self._lay_out()
        self.book.changed.connect(self._follow)
        self.exports.changed.connect(self._show_exports)
        self.exports.ended.connect(self._export_ended)
        self.banner.action.connect(lambda: self.details.setVisible(self.details.isHidden()))
        context.models.returned.connect(self._installed)
        context.models.failed.connect(self._not_installed)
        context.active.changed.connect(self._hear_active)
        context.shelf.arrived.connect(self._show_best)
        self.card.live.clicked.connect(lambda: self._use("live"))
        self.card.photos.clicked.connect(lambda: self._use("photos"))

    def _lay_out(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 16)
        column.setSpacing(14)
        self._list.body.setContentsMargins(16, 2, 16, 2)
        self._list.body.setSpacing(0)
        self.details.hide()
        for widget in (self.card, self.banner, self.details, self._list):
            column.addWidget(widget)
        column.addStretch(1)
        self.body.addWidget(scrolled(inside), 1)

    # -- the dialog's wishes --------------------------------------------------------------------------------------

    def entered(self) -> None:
        """Bring the chosen model into the program; what could not be saved is tried again."""
        self._shown = True
        if self._problem:
            self._run = None
        self._follow()

    def left(self) -> None:
        """Rest."""
        self._shown = False

    def shut_down(self) -> None:
        """Stop reading; an export goes on."""
        self._shown = False
        self.book.shut_down()

    def footer(self) -> Footer:
        """Offer the folder of the exports, all exports, and the end."""
        place = self._place()
        left = Action("folder", tr("Show in folder"), "ghost", "folder") if place is not None else None
        wanted = self._wanted()
        busy = self.exports.state is not None
        stop = Action("stop", tr("Stop exporting"))
        every = Action("all", tr("Export all…"), "secondary", "export", enabled=bool(wanted) and self._run is not None)
        return Footer(left=left, actions=(stop if busy else every, Action("close", tr("Done"))))

    def act(self, key: str) -> None:
        """Do what a button asks for."""
        if key == "all":
            self._ask_export(self._wanted())
        elif key == "stop":
            self.exports.cancel()
        elif key == "folder":
            place = self._place()
            if place is not None:
                QDesktopServices.openUrl(QUrl.fromLocalFile(str(place)))

    # -- the model ------------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        if not self._shown:
            return
        run = chosen_run(self.context, self.book)
        if run is not None and (self._run is None or run.folder != self._run.folder):
            self._run, self._bundle, self._problem, self._best = run, None, "", None
            self._install(run)
            self.exports.read(run.folder)
            self.book.read_evaluation(run.folder, self._take_evaluation, lambda _error: None)
            self.card.show_classes(run.classes)
        self._show()

    def _install(self, run: RunInfo) -> None:
        store, project = self.context.store, self.context.project
        project_id, name = project.id, project.name
        self.context.models.install(
            install_key(run.folder), name, lambda: install_run(store, run.folder, project_id, name)
        )

    def _installed(self, key: str, result: object) -> None:
        if self._run is not None and key == install_key(self._run.folder) and isinstance(result, Bundle):
            self._bundle = result
            self._make_rows(result)
            self._show()

    def _not_installed(self, key: str, error: UserError) -> None:
        if self._run is not None and key == install_key(self._run.folder):
            self._problem = str(error)
            self.context.models.dismiss(key)
            self._show()

    def _use(self, page: str) -> None:
        if self._bundle is None:
            return
        self._page_wanted = page
        self.context.active.use(self._bundle.id, self._bundle.name)

    def _hear_active(self) -> None:
        """Show the page that was asked for, once the model answers; or say why it does not."""
        active, page = self.context.active, self._page_wanted
        if not page or self._bundle is None or active.busy:
            return
        self._page_wanted = ""
        if active.failure is not None and active.failure.id == self._bundle.id:
            self.context.toasts.show_message(active.words())
        else:
            self.context.hub.model_used.emit(page)

    def _take_evaluation(self, evaluation: Evaluation) -> None:
        right = [answer for answer in evaluation.tested if answer.correct]
        known = [answer for answer in right if self.context.project.photo(answer.id) is not None]
        self._best = max(known, key=lambda answer: answer.probability, default=None)
        self._show_best()

    # -- showing --------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        ready = self._bundle is not None
        self.card.show_ready(ready=ready)
        if self._problem:
            self.set_heading(tr("The model could not be saved"), self._problem)
        elif self._bundle is not None and self._run is not None:
            share = self._run.state.accuracy
            words = tr("Saved as {name} in Models.").format(name=self._bundle.name)
            if share is not None:
                words += " " + tr("{share} correct on test photos.").format(share=percent(share))
            if self._bundle.tells_strangers:
                words += " " + tr("It says so where a photo is unlike anything it was shown.")
            self.set_heading(tr("Your model is ready"), words)
        else:
            self.set_heading(tr("Your model is ready"), tr("It is being saved in Models…"))
        self._show_best()
        self._show_exports()

    def _show_best(self) -> None:
        if self._best is not None and self._shown:
            picture = self.context.shelf.get(self._best.id)
            self.card.preview.show_answer(picture, self._best.said, self._best.probability)

    def _make_rows(self, bundle: Bundle) -> None:
        if self.rows:
            return
        infos = {info.format: info for info in formats_for(bundle)}
        for place, kind in enumerate(_ORDER):
            if place:
                self._list.body.addWidget(Divider())
            row = self.rows[kind] = ExportRow(infos[kind])
            row.asked.connect(lambda action, kind=kind: self._row_asked(kind, action))
            self._list.body.addWidget(row)

    def _show_exports(self) -> None:
        if self._run is None or not self._shown:
            return
        results, running = self.exports.results(self._run.folder), self.exports.state
        mine = running if running is not None and running.folder == self._run.folder else None
        for kind, row in self.rows.items():
            row.show_state(results.get(kind), mine or running)
        self._show_banner(list(results.values()))
        self.changed.emit()

    def _show_banner(self, results: list[ExportResult]) -> None:
        tried = [result for result in results if result.written and result.checked]
        how = tr("See how this was checked")
        if not tried:
            text = tr("Each export is tried on your validation photos and compared with this app, photo by photo.")
            self.banner.set_content("info", text)
        elif all(result.proved for result in tried):
            agree = min(result.agreement for result in tried)
            text = tr("Exports agree with the app on {share} of the photos").format(share=_share(agree))
            self.banner.set_content("ok", text, how)
        else:
            text = tr("Not every export gives the app’s answers. Look at the rows below.")
            self.banner.set_content("warn", text, how)
        self.details.setText(_how_checked(tried))
        self.details.setVisible(bool(tried) and not self.details.isHidden())

    # -- exports --------------------------------------------------------------------------------------------------

    def _wanted(self) -> list[ExportFormat]:
        """Return the formats that can be had and have not been made."""
        made = self.exports.results(self._run.folder) if self._run is not None else {}
        return [
            kind
            for kind, row in self.rows.items()
            if not row.info.unavailable and not (kind in made and made[kind].written)
        ]

    def _row_asked(self, kind: ExportFormat, action: str) -> None:
        if action == "cancel":
            self.exports.cancel()
        elif action == "export":
            self._ask_export([kind])
        elif self._run is not None:
            result = self.exports.results(self._run.folder).get(kind)
            if result is not None and result.path is not None:
                QDesktopServices.openUrl(QUrl.fromLocalFile(str(result.path.parent)))

    def _ask_export(self, formats: list[ExportFormat]) -> None:
        if self._run is None or not formats:
            return
        start = self._place() or Path.home()
        chosen = QFileDialog.getExistingDirectory(self, tr("Choose a folder for the export"), str(start))
        if chosen:
            self.export_to(Path(chosen), formats)

    def export_to(self, folder: Path, formats: list[ExportFormat]) -> None:
        """Export into a folder."""
        if self._run is None or not formats:
            return
        self._output = folder
        try:
            self.exports.start(self._run.folder, formats, folder)
        except UserError as error:
            self.context.toasts.show_message(error.reason)
        self._show_exports()

    def _export_ended(self, folder: Path, error: UserError | None) -> None:
        if self._run is None or folder != self._run.folder or not self._shown:
            return
        if error is not None:
            self.context.toasts.show_message(str(error))
        self._show_exports()

    def _place(self) -> Path | None:
        """Return the folder of the last export."""
        if self._output is not None:
            return self._output
        made = self.exports.results(self._run.folder) if self._run is not None else {}
        return next((result.path.parent.parent for result in made.values() if result.path is not None), None)


def _share(share: float) -> str:
    """Return a share that is 100 % only when it is all."""
    return percent(share, 0 if share == 1.0 else 1)


def _how_checked(results: list[ExportResult]) -> str:
    lines = [
        tr(
            "Every exported file was loaded again and asked about the same photos as this app, prepared alike. "
            "Counted are the photos with the same first answer, and how far any probability differs at most."
        )
    ]
    for result in results:
        photos = trn("{n} photo", "{n} photos", result.checked)
        lines.append(
            tr("{format}: {agree} of {photos}, largest difference {difference}, {time} ms a photo").format(
                format=result.path.name if result.path is not None else result.format, agree=result.agree,
                photos=photos, difference=f"{result.largest_difference:.2g}", time=f"{result.milliseconds:.1f}",
            )
        )  # fmt: skip
    return "\n".join(lines)
