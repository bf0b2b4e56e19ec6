"""From which probability an answer counts: a model's own limit comes and goes with the model; the setting stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.ui.sure_limits import SureLimits
from tests.bundles import make_bundle


def bundle(folder: Path, name: str, limit: float | None) -> Bundle:
    made = make_bundle(folder / name, name)
    return Bundle(made.folder, replace(made.manifest, sure_from=limit), made.labels)


def test_a_model_s_own_limit_goes_before_the_setting_and_leaves_it_alone(tmp_path: Path) -> None:
    settings = SettingsStore(tmp_path / "settings.json")
    limits = SureLimits(settings)
    plain, own = bundle(tmp_path, "plain", None), bundle(tmp_path, "own", 0.83)
    usual = settings.values.sure_from
    assert (limits.of(None), limits.of(plain), limits.of(own)) == (usual, usual, 0.83)
    saved: list[float] = []
    limits.keep(own, 0.7, saved.append)
    assert (limits.of(own), limits.of(plain), saved) == (0.7, usual, [])
    limits.keep(plain, 0.6, saved.append)
    assert saved == [0.6]
    learnt_anew = Bundle(own.folder, replace(own.manifest, sure_from=0.9), own.labels)
    assert limits.of(learnt_anew) == 0.9
