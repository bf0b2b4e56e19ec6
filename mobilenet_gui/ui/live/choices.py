"""Owns what the user sets on the live page: takes it from the settings, has it carried out, and keeps it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.ui.live.controller import LiveController, Phase
from mobilenet_gui.ui.live.frame import LiveFrame
from mobilenet_gui.ui.live.presenter import LivePresenter
from mobilenet_gui.ui.sure_limits import SureLimits


class LiveChoices(QObject):
    """Mirror, smoothing, heat map, the limit of 'not sure', and whether the inspector is there."""

    def __init__(
        self,
        frame: LiveFrame,
        controller: LiveController,
        presenter: LivePresenter,
        *,
        settings: SettingsStore,
        limits: SureLimits,
        save: Callable[..., None],
        limit_settled: Callable[[], None],
    ) -> None:
        """Show what was chosen last, and listen.

        Args:
            frame: the page's parts.
            controller: what runs.
            presenter: writes the answers.
            settings: what was chosen last.
            limits: each model's limit of 'not sure', shared with Photos.
            save: changes settings by name.
            limit_settled: called when another limit holds.
        """
        super().__init__(frame)
        self._frame, self._controller, self._presenter = frame, controller, presenter
        self._settings, self._limits, self._save = settings, limits, save
        self._limit_settled = limit_settled
        self._limit_of: str | None = None
        self._take_settings()
        frame.mirror.toggled.connect(self._set_mirror)
        controller.model_changed.connect(self.follow_limit)
        inspector = frame.inspector
        inspector.width_changed.connect(self._keep_width)
        inspector.bars.chosen.connect(self._explain_label)
        inspector.explain.toggled.connect(self._set_explain)
        inspector.steadiness.toggled.connect(self._keep_smooth)
        inspector.steadiness.moved.connect(controller.set_steadiness)
        inspector.steadiness.settled.connect(self._keep_smoothing)
        inspector.sure.moved.connect(self._set_sure_from)
        inspector.sure.settled.connect(self._sure_settled)

    def toggle_explain(self) -> None:
        """Show where the model looks, or no longer."""
        switch = self._frame.inspector.explain.switch
        if switch.isEnabled() and self._controller.phase is not Phase.IDLE:
            switch.toggle()

    def toggle_inspector(self) -> None:
        """Hide or show the inspector."""
        shown = self._frame.inspector.isHidden()
        self._frame.set_inspector_visible(shown)
        self._save(inspector_visible=shown)

    @Slot()
    def follow_limit(self) -> None:
        """Take the limit that goes with the model, when another one answers."""
        bundle = self._controller.bundle
        key = "" if bundle is None else f"{bundle.id} {bundle.sure_from}"
        if key != self._limit_of:
            self._limit_of = key
            limit = self._limits.of(bundle)
            if limit != self._presenter.sure_from:
                self._frame.inspector.sure.set_value(limit)
                self._set_sure_from(limit)

    def _take_settings(self) -> None:
        values, frame, controller = self._settings.values, self._frame, self._controller
        inspector = frame.inspector
        inspector.set_chosen_width(values.inspector_width)
        frame.set_inspector_visible(values.inspector_visible)
        inspector.steadiness.set_state(on=values.live_smooth, seconds=values.live_smoothing)
        controller.set_steadiness(inspector.steadiness.seconds)
        controller.set_sure_from(values.sure_from)
        inspector.sure.set_value(values.sure_from)
        inspector.explain.set_on(values.live_explain)
        self._presenter.explain = values.live_explain
        controller.set_explain(values.live_explain)
        frame.stage.set_strength(values.explain_strength)
        frame.mirror.setChecked(values.live_mirror)
        frame.stage.set_mirror(values.live_mirror)

    @Slot(int)
    def _keep_width(self, width: int) -> None:
        self._save(inspector_width=width)

    @Slot(bool)
    def _keep_smooth(self, on: bool) -> None:
        self._save(live_smooth=on)

    @Slot(float)
    def _keep_smoothing(self, seconds: float) -> None:
        self._save(live_smoothing=seconds)

    @Slot(bool)
    def _set_mirror(self, on: bool) -> None:
        self._save(live_mirror=on)
        self._frame.stage.set_mirror(on)
        self._presenter.stage.set_mirror(on)

    @Slot(bool)
    def _set_explain(self, on: bool) -> None:
        presenter = self._presenter
        self._save(live_explain=on)
        presenter.explain, presenter.explained = on, None
        self._frame.inspector.bars.set_selected(-1)
        self._controller.set_explain(on)
        if not on:
            presenter.stage.set_heat(None)

    @Slot(int)
    def _explain_label(self, place: int) -> None:
        inspector, answer = self._frame.inspector, self._controller.answer
        if answer is None or not inspector.explain.switch.isEnabled():
            return
        index = self._presenter.index_at(place)
        again = inspector.bars.selected() == place
        inspector.explain.switch.setChecked(True)
        self._presenter.explained = None if again else index
        inspector.bars.set_selected(-1 if again else place)
        self._controller.set_explain(True, None if again else index)

    @Slot(float)
    def _set_sure_from(self, limit: float) -> None:
        self._presenter.sure_from = limit
        self._controller.set_sure_from(limit)
        self._presenter.refresh_answer()

    @Slot(float)
    def _sure_settled(self, limit: float) -> None:
        self._limits.keep(self._controller.bundle, limit, lambda value: self._save(sure_from=value))
        self._limit_settled()
