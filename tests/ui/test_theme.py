"""Tokens, theme and type: contrast, following the system, high contrast, motion, sizes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontInfo, QFontMetricsF, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.theme import Theme, duration, theme, tokens
from mobilenet_gui.ui.tokens import DARK, LIGHT, Tokens, contrast, high_contrast, mix, palette

pytestmark = pytest.mark.usefixtures("qapp")

_TEXT_PAIRS = [
    (text, ground) for text in ("text", "text2", "text3", "accentText") for ground in ("bg", "panel", "field", "zone")
] + [
    ("text2", "rail"),
    ("text2", "track"),
    ("text", "track"),
    ("text", "hover"),
    ("accentText", "soft"),
    ("accentText", "railSelected"),
    ("ok", "okSoft"),
    ("warn", "warnSoft"),
    ("bad", "badSoft"),
    ("bad", "panel"),
    ("bad", "field"),
    ("ok", "panel"),
    ("text", "soft"),
    ("text", "okSoft"),
    ("text", "warnSoft"),
    ("text", "badSoft"),
    ("onAccent", "accent"),
    ("onAccent", "accentPressed"),
    ("toastText", "toast"),
    ("toastLink", "toast"),
]


@pytest.fixture(autouse=True)
def restore() -> Iterator[None]:
    yield
    theme().set_mode("system")
    theme().set_reduced_motion(None)
    fonts.set_scale(None)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), _TEXT_PAIRS)
def test_text_is_readable(scheme: Tokens, text: str, ground: str) -> None:
    assert contrast(scheme.named(text), scheme.named(ground)) >= 4.5


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_controls_stand_out(scheme: Tokens) -> None:
    assert contrast(scheme.control, scheme.panel) >= 3.0
    assert contrast(scheme.accentText, scheme.panel) >= 3.0


def test_contrast_is_that_of_wcag() -> None:
    assert contrast(QColor("black"), QColor("white")) == pytest.approx(21.0)
    assert contrast(QColor("#767676"), QColor("white")) == pytest.approx(4.54, abs=0.01)


def test_mode_overrides_the_system_and_tells(qtbot: QtBot) -> None:
    theme().set_mode("light")
    with qtbot.waitSignal(theme().changed):
        theme().set_mode("dark")
    assert tokens() is DARK
    with pytest.raises(ValueError, match="sepia"):
        theme().set_mode("sepia")


def test_system_mode_follows_the_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    now = Theme()
    told: list[bool] = []
    now.changed.connect(lambda: told.append(now.tokens.dark))

    class Hints:
        scheme = Qt.ColorScheme.Dark

        def colorScheme(self) -> Qt.ColorScheme:
            return self.scheme

        def accessibility(self) -> Hints:
            return self

        def contrastPreference(self) -> Qt.ContrastPreference:
            return Qt.ContrastPreference.NoPreference

    hints = Hints()
    monkeypatch.setattr(QGuiApplication, "styleHints", lambda: hints)
    now._follow()
    hints.scheme = Qt.ColorScheme.Light
    now._follow()
    now._follow()
    assert told == [True, False]


def test_apply_dresses_the_application() -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme().apply()
    theme().set_mode("dark")
    assert app.palette().color(QPalette.ColorRole.Window) == DARK.bg
    theme().set_mode("light")
    assert app.palette().color(QPalette.ColorRole.Window) == LIGHT.bg
    assert not app.styleSheet()


def test_high_contrast_takes_the_systems_colours() -> None:
    system = QPalette(QColor("black"))
    system.setColor(QPalette.ColorRole.WindowText, QColor("yellow"))
    system.setColor(QPalette.ColorRole.Window, QColor("black"))
    made = high_contrast(system)
    assert made.dark
    assert made.line2 == made.text3 == made.text == QColor("yellow")
    assert made.bg == QColor("black")


def test_reduced_motion_makes_durations_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    theme().set_reduced_motion(False)
    assert duration(180) == 180
    theme().set_reduced_motion(True)
    assert duration(180) == 0
    theme().set_reduced_motion(None)
    monkeypatch.setenv("MOBILENET_GUI_REDUCED_MOTION", "1")
    assert theme().reduced_motion()


def test_palette_dims_disabled_text() -> None:
    made = palette(LIGHT)
    disabled = made.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
    assert disabled == LIGHT.disabledText


def test_mix_ends_at_its_colours() -> None:
    assert mix(LIGHT.text, LIGHT.bg, 0).name() == LIGHT.text.name()
    assert mix(LIGHT.text, LIGHT.bg, 1).name() == LIGHT.bg.name()


def test_unknown_token_is_refused() -> None:
    with pytest.raises(KeyError):
        LIGHT.named("dark")


def test_bundled_font_is_used() -> None:
    assert fonts.load_fonts()
    assert QFontInfo(fonts.font("body")).family() == "Inter"
    assert QFontInfo(fonts.font("result", fonts.SEMIBOLD)).family() == "Inter Display"
    for weight in (400, 500, 600):
        assert QFontInfo(fonts.font("body", weight)).weight() == weight


def test_digits_are_equally_wide() -> None:
    metrics = QFontMetricsF(fonts.font("body"))
    assert metrics.horizontalAdvance("1111") == pytest.approx(metrics.horizontalAdvance("8888"), abs=0.01)


def test_scale_enlarges_text_and_stays_in_bounds() -> None:
    small = fonts.font("body").pointSizeF()
    fonts.set_scale(2.0)
    assert fonts.font("body").pointSizeF() == pytest.approx(2 * small, rel=0.01)
    assert fonts.px(32) == 64
    fonts.set_scale(9.0)
    assert fonts.scale() == 2.0


def test_scale_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOBILENET_GUI_TEXT_SCALE", "1.5")
    fonts.set_scale(None)
    assert fonts.scale() == 1.5
