"""Owns step 3 of the wizard: how much effort, from which model, and for those who want it every setting."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import ClassVar, cast

from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QVBoxLayout, QWidget

from mobilenet_gui import paths
from mobilenet_gui.core import catalog
from mobilenet_gui.core.answers import percent
from mobilenet_gui.core.cores import usable_cores
from mobilenet_gui.core.errors import UserError
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.presets import Recipe, recipe_for
from mobilenet_gui.training.sharing import resembling_words
from mobilenet_gui.training.training_settings import Preset, TrainingSettings
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.settings.rows import Row
from mobilenet_gui.ui.tokens import DIALOG_MARGIN
from mobilenet_gui.ui.widgets.banner import Banner
from mobilenet_gui.ui.widgets.card import Card
from mobilenet_gui.ui.widgets.fields import ComboBox
from mobilenet_gui.ui.widgets.labels import Divider
from mobilenet_gui.ui.widgets.preset_card import PresetCard
from mobilenet_gui.ui.widgets.split_bar import Parts, SplitBar
from mobilenet_gui.ui.wizard.bases import BaseChoice, bases_of
from mobilenet_gui.ui.wizard.context import WizardContext
from mobilenet_gui.ui.wizard.estimating import ShareDesk, TimeDesk, actual_parts
from mobilenet_gui.ui.wizard.flow import Key, lost_words
from mobilenet_gui.ui.wizard.fold import Fold
from mobilenet_gui.ui.wizard.page import Action, Footer, WizardPage, back, scrolled_across
from mobilenet_gui.ui.wizard.run_link import book_of
from mobilenet_gui.ui.wizard.settings_fields import AdvancedFields
from mobilenet_gui.ui.wizard.settings_words import badge, few_photos_words, promise, sentence
from mobilenet_gui.ui.wizard.situation import situation_of, what_is_missing
from mobilenet_gui.ui.wizard.training_words import preset_title, settings_summary, span
from mobilenet_gui.ui.wizard.variations import VariationStrip
from mobilenet_gui.workers.run_order import RunOrder

_PRESETS: tuple[tuple[Preset, str], ...] = (("fast", "bolt"), ("balanced", "balance"), ("best", "award"))
_CONTROL_WIDTH = 250
_CARD_LEAST, _FIELD_LEAST = 150, 110
"""The least useful widths of an effort's card and of an advanced field, at the text's usual size."""
_MOST_NOTES = 2
"""Sentences on how photos are shared out that have room in a row."""
_MOSTLY = 0.9
"""With so many of the photos seen before, the rest hardly counts."""


class SettingsPage(WizardPage):
    """The page. What it shows is the project's settings; each change of theirs is a step that can be undone."""

    key: ClassVar[Key] = "settings"

    def __init__(self, context: WizardContext) -> None:
        super().__init__(
            context,
            tr("Choose how to train"),
            tr("More time gives a better model. You can pause or stop at any point."),
        )
        self.book = book_of(context)
        self._bases: tuple[BaseChoice, ...] | None = None
        self._shown = False
        self.times = TimeDesk(self.book.tasks, self)
        self.sharing = ShareDesk(self.book.tasks, self)
        self.cards = {name: PresetCard(icon, preset_title(name), sentence(name)) for name, icon in _PRESETS}
        self.base = ComboBox("cube")
        self.split = SplitBar()
        self.threads = ComboBox("chip")
        self.advanced = AdvancedFields()
        self.variations = VariationStrip(self.book.tasks)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(16, 0, 16, 16)
        column.setSpacing(12)
        column.addWidget(self.advanced)
        column.addWidget(self.variations)
        self.fold = Fold(tr("Advanced"), inside)
        self.banner = Banner("warn", "", closable=False)
        self.banner.hide()
        self.resembling = Banner("warn", "", closable=False)
        self.resembling.hide()
        self._group = QButtonGroup(self)
        for card in self.cards.values():
            self._group.addButton(card)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 16)
        column.setSpacing(14)
        self._card_grid = QGridLayout()
        self._card_grid.setSpacing(12)
        column.addLayout(self._card_grid)
        rows = Card(margin=0)
        rows.body.setContentsMargins(16, 2, 16, 2)
        rows.body.setSpacing(0)
        self.threads.addItem(tr("All {n} cores of this computer").format(n=usable_cores()), 0)
        for number in range(1, usable_cores()):
            self.threads.addItem(tr("CPU, {n} cores").format(n=number) if number > 1 else tr("CPU, 1 core"), number)
        self.split_row = Row(tr("Split"), tr("Train, validate and test, in percent"), self.split)
        self.base_row = Row(tr("Start from"), tr("The model that already knows how to see"), self.base)
        for widget in (
            self.base_row, Divider(), self.split_row, Divider(),
            Row(tr("Run on"), tr("Fewer cores leave more to other programs"), self.threads),
        ):  # fmt: skip
            rows.body.addWidget(widget)
        column.addWidget(rows)
        column.addWidget(self.resembling)
        column.addWidget(self.fold)
        column.addStretch(1)
        self.base.setAccessibleName(tr("Start from"))
        self.threads.setAccessibleName(tr("Run on"))
        self.body.setContentsMargins(0, 0, 0, 0)
        above = QVBoxLayout()
        above.setContentsMargins(DIALOG_MARGIN, 0, DIALOG_MARGIN, 0)
        above.addWidget(self.banner)
        self.body.addLayout(above)
        self._area = scrolled_across(inside)
        self.body.addWidget(self._area, 1)
        self._flow()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put one below the other what has no room side by side."""
        super().resizeEvent(event)
        self._flow()

    def _flow(self) -> None:
        room = self.width() - 2 * DIALOG_MARGIN
        abreast = len(self.cards) if room >= len(self.cards) * fonts.px(_CARD_LEAST) + 24 else 1
        for place, card in enumerate(self.cards.values()):
            self._card_grid.addWidget(card, place // abreast, place % abreast)
        width = min(fonts.px(_CONTROL_WIDTH), max(_CONTROL_WIDTH // 2, (room - 32) // 2))
        for control in (self.base, self.split, self.threads):
            control.setFixedWidth(width)
        self.advanced.set_columns(4 if room - 32 >= 4 * fonts.px(_FIELD_LEAST) + 48 else 2)

    def _connect(self) -> None:
        for name, card in self.cards.items():
            card.clicked.connect(lambda _on=False, name=name: self._change("preset", name))
        self.base.activated.connect(lambda _index: self._choose_base())
        self.split.changed.connect(self._choose_split)
        self.threads.activated.connect(lambda _index: self._change("threads", self.threads.currentData() or None))
        self.advanced.edited.connect(self._change)
        self.fold.toggled.connect(self._unfold)
        self.banner.action.connect(self._get_model)
        self.book.changed.connect(self._refresh)
        self.book.failed.connect(self._take_failure)
        self.times.changed.connect(self._refresh)
        self.sharing.changed.connect(self._refresh)
        self.resembling.action.connect(self._leave_out_resembling)
        hub, models = self.context.hub, self.context.models
        hub.project_changed.connect(self._refresh)
        models.models_changed.connect(self._read_bases)
        models.progressed.connect(self._show_missing)
        models.cancelled.connect(self._show_missing)

    # -- the dialog's wishes --------------------------------------------------------------------------------------

    def entered(self) -> None:
        """Show the project's settings."""
        self._shown = True
        self.context.training.warm()
        self._read_bases()
        self._refresh()

    def left(self) -> None:
        """Rest."""
        self._shown = False

    def shut_down(self) -> None:
        """Stop reading."""
        self._shown = False
        self.book.shut_down()

    def footer(self) -> Footer:
        """Offer to start; while another training is under way, to look at it."""
        if self.book.under_way:
            return Footer(actions=(back(), Action("look", tr("Show the training"), "primary")))
        problem = self._problem()
        start = Action("start", tr("Start training"), "primary", "play", enabled=not problem, tip=problem)
        text = problem or lost_words(situation_of(self.context)) or self._time_text()
        return Footer(text=text, actions=(back(), start))

    def act(self, key: str) -> None:
        """Start, or show what has been started."""
        if key == "start":
            self._start()
        elif key == "look":
            self.context.hub.go.emit("train")

    def step_detail(self) -> str | None:
        """Name the chosen effort beside the step."""
        return preset_title(self.context.project.settings.preset)

    # -- what is wrong --------------------------------------------------------------------------------------------

    def _problem(self) -> str:
        """Return what keeps a training from being started; empty where nothing does."""
        other = self.context.training.state
        if other is not None and other.live:
            return tr("Another project is being trained.")
        if self._bases is None:
            return tr("Looking for models…")
        missing = what_is_missing(self.context)
        if missing:
            return missing
        return "" if self._bases else tr("There is no model to start from.")

    def _show_missing(self) -> None:
        """Offer the usual model where there is none to start from; else say what classes of few photos are worth."""
        missing = self._shown and self._bases == ()
        few = "" if missing or not self._shown else few_photos_words(self.context.project)
        self.banner.setVisible(missing or bool(few))
        if few:
            self.banner.set_content("info", few)
        if not missing:
            return
        entry = catalog.by_id(catalog.DEFAULT_ID)
        state = self.context.models.state(catalog.DEFAULT_ID)
        name = entry.name if entry is not None else catalog.DEFAULT_ID
        if state is not None and state.running:
            share = state.fraction
            text = tr("{model} is being downloaded.").format(model=name)
            self.banner.set_content("info", text if share is None else f"{text} {percent(share, 0)}")
        else:
            why = f" {state.error}" if state is not None and state.error is not None else ""
            self.banner.set_content(
                "warn", tr("A training starts from a model that already knows how to see.") + why,
                tr("Download {model}").format(model=name),
            )  # fmt: skip

    def _get_model(self) -> None:
        self.context.models.download(catalog.DEFAULT_ID)
        self._refresh()

    def _take_failure(self, error: UserError) -> None:
        if self._shown:
            self.context.toasts.show_message(error.reason)
            self._refresh()

    # -- showing --------------------------------------------------------------------------------------------------

    @property
    def chosen_base(self) -> BaseChoice | None:
        """The model that the training would start from; where that is to be found first, the likeliest."""
        if not self._bases:
            return None
        wanted = self.context.project.settings.base
        return next((base for base in self._bases if base.id == wanted), self._bases[0])

    @property
    def candidates(self) -> tuple[BaseChoice, ...]:
        """The models of which the best is to be found first; none where one is chosen."""
        return () if self.context.project.settings.base else tuple(base for base in self._bases or () if base.tried)

    def recipe(self, preset: Preset | None = None) -> Recipe:
        """Return how the training would go, or would with another preset."""
        settings, base = self.context.project.settings, self.chosen_base
        if preset is not None:
            settings = settings.with_changes(preset=preset)
        return recipe_for(settings, base.size if base is not None else 224)

    def _refresh(self) -> None:
        if not self._shown:
            return
        settings, base = self.context.project.settings, self.chosen_base
        self.cards[settings.preset].setChecked(True)
        for name, card in self.cards.items():
            promised, tip = promise(name, base.id if base is not None else "")
            card.show_figures(self._time_of(name), promised, badge(name), note=self._last_of(name), tip=tip)
        if base is not None:
            self.base.set_current_key("" if self.candidates else base.id)
        self.base.setEnabled(bool(self._bases))
        self._show_split(settings)
        self.threads.set_current_key(settings.threads or 0)
        recipe = self.recipe()
        self.advanced.show_settings(settings, asdict(recipe))
        self.fold.set_summary("" if self.fold.is_open() else settings_summary(recipe))
        if self.fold.is_open():
            first = next(iter(self.context.project.photos.values()), None)
            self.variations.show_strength(
                None if first is None else first.path, recipe.augmentation, recipe.input_size, adapts=recipe.adapts
            )
        self._show_missing()
        self._ask_times()
        self.changed.emit()

    def _show_split(self, settings: TrainingSettings) -> None:
        photos = self.context.project.photos.values()
        given = any(photo.split for photo in photos)
        parts = actual_parts(photos, settings.split)
        self.split.set_parts(parts)
        self.split.set_movable(not given and bool(parts[2]))
        alike = self.sharing.resembling
        text = resembling_words(len(alike))
        notes = [note for note in self.sharing.notes or () if note != text]
        words = tr("Train, validate and test, in percent")
        if notes:
            words = " ".join(notes[:_MOST_NOTES])
        elif given:
            words = tr("Given by your folders; train, validate and test, in percent")
        elif not parts[2]:
            words = tr("No photo is left for a test, which takes a class of three; train and validate, in percent")
        elif self.sharing.notes is not None:
            words = tr("Train, validate and test, in percent; drawn at random, class by class")
        self.split_row.set_help(words)
        self.resembling.setVisible(bool(alike))
        if alike and self.resembling.text() != text:  # what is set anew is read out again
            self.resembling.set_content("warn", text, trn("Leave it out", "Leave them out", len(alike)))

    def _leave_out_resembling(self) -> None:
        self.context.project.leave_out(sorted(self.sharing.resembling, key=int))
        self._refresh()

    def _ask_times(self) -> None:
        base, project = self.chosen_base, self.context.project
        if base is None:
            return
        self.sharing.ask(project, base.folder)
        photos = [photo for photo in project.photos.values() if not photo.left_out]
        settings = replace(project.settings, base=base.id, split=actual_parts(photos, project.settings.split))
        before = [run for run in self.book.finished if run.settings.base == project.settings.base]
        seen = any(run.photos >= _MOSTLY * len(photos) for run in before)
        latest = next((run.folder for run in self.book.finished), None)
        self.times.ask(base.folder, photos, settings, cached=seen, latest=latest)

    def _time_of(self, name: Preset) -> str:
        known = self.times.times.get(name)
        return "…" if known is None else span(known.seconds)

    def _time_text(self) -> str:
        known = self.times.times.get(self.context.project.settings.preset)
        return "" if known is None else tr("About {time} on this computer").format(time=span(known.seconds))

    def _last_of(self, name: Preset) -> str:
        """Return what the effort gave with these photos the last time."""
        for run in self.book.finished:
            if run.settings.preset == name and run.state.accuracy is not None:
                return tr("last time {share}").format(share=percent(run.state.accuracy))
        return ""

    def _read_bases(self) -> None:
        if not self._shown:
            return
        store = self.context.store
        self.book.tasks.run(lambda _errand: bases_of(store), done=self._take_bases, failed=self._take_failure)

    def _take_bases(self, bases: tuple[BaseChoice, ...]) -> None:
        self._bases = bases
        self.base.clear()
        if any(base.tried for base in bases):
            self.base.add_option(tr("Automatic"), "")
        for base in bases:
            self.base.add_option(base.name, base.id)
        self._refresh()

    # -- doing ----------------------------------------------------------------------------------------------------

    def _unfold(self, is_open: bool) -> None:
        self._refresh()
        if is_open:
            # Once its new height is known.
            QTimer.singleShot(0, self.fold, lambda: self._area.verticalScrollBar().setValue(self.fold.y()))

    def _change(self, name: str, value: object) -> None:
        project = self.context.project
        if getattr(project.settings, name) != value:
            project.set_settings(project.settings.with_changes(**{name: value}))
        self._refresh()

    def _choose_base(self) -> None:
        chosen = self.base.currentData()
        # Without a choice the recommended one stays open, so that a better one which comes later is tried as well.
        bases = self._bases or ()
        usual = "" if any(base.tried for base in bases) else next((base.id for base in bases), "")
        self._change("base", "" if chosen == usual else chosen)

    def _choose_split(self, parts: object) -> None:
        self._change("split", cast(Parts, parts))

    def _start(self) -> None:
        base = self.chosen_base
        if base is None or self._problem():
            return
        tried = tuple(one.folder for one in self.candidates)
        self.book.begin(RunOrder(self.context.project.snapshot(), base.folder, paths.features_dir(), tried))
        self.context.hub.go.emit("train")
