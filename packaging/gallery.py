"""Shows every component of the design kit in one window, or saves pictures of it.

python packaging/gallery.py                       # a window; T switches light and dark
python packaging/gallery.py --save FOLDER         # components-light.png, components-dark.png, more-*.png
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QKeySequence, QPainter, QPaintEvent, QPixmap, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QListWidget,
    QMenu,
    QProgressBar,
    QRadioButton,
    QSpinBox,
    QStyle,
    QStyleOptionButton,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mobilenet_gui.core.answers import percent
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.icons import app_icon, icon, names, paint_icon
from mobilenet_gui.ui.theme import theme, tokens
from mobilenet_gui.ui.widgets.banner import Banner
from mobilenet_gui.ui.widgets.buttons import Button, IconButton
from mobilenet_gui.ui.widgets.card import Card
from mobilenet_gui.ui.widgets.chip import Chip
from mobilenet_gui.ui.widgets.drop_zone import DropZone
from mobilenet_gui.ui.widgets.fields import ComboBox, Field, SearchField
from mobilenet_gui.ui.widgets.histogram import ConfidenceHistogram
from mobilenet_gui.ui.widgets.inspector import Inspector
from mobilenet_gui.ui.widgets.kbd import KeyCap
from mobilenet_gui.ui.widgets.labels import Divider, text_label
from mobilenet_gui.ui.widgets.nav_rail import NavRail
from mobilenet_gui.ui.widgets.page_header import PageHeader
from mobilenet_gui.ui.widgets.painting import rounded
from mobilenet_gui.ui.widgets.prediction_bars import GhostBars, PredictionBars
from mobilenet_gui.ui.widgets.progress import Ring, ThinProgress
from mobilenet_gui.ui.widgets.scatter import ScatterPlot, ScatterPoint
from mobilenet_gui.ui.widgets.segmented import Segmented
from mobilenet_gui.ui.widgets.slider import Slider
from mobilenet_gui.ui.widgets.switch import Switch
from mobilenet_gui.ui.widgets.toast import Toast

_State = QStyle.StateFlag
_POSES = {
    "Default": _State.State_None,
    "Hover": _State.State_MouseOver,
    "Pressed": _State.State_Sunken,
    "Focus": _State.State_HasFocus | _State.State_KeyboardFocusChange,
    "Disabled": _State.State_None,
}


class PosedButton(Button):
    """A button that looks hovered, pressed or focused without being so."""

    pose = _State.State_None

    def initStyleOption(self, option: QStyleOptionButton) -> None:
        """Add the pose to the real state."""
        super().initStyleOption(option)
        option.state |= self.pose


class Swatch(QWidget):
    """One colour of the palette."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.setFixedSize(180, 40)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the colour, its name and its value."""
        painter = QPainter(self)
        colour = tokens().named(self._name)
        rounded(painter, QRectF(0, 5, 44, 30), 8, colour, tokens().line2)
        painter.setPen(tokens().text)
        painter.setFont(fonts.font("small", fonts.SEMIBOLD))
        painter.drawText(QPointF(56, 17), self._name)
        painter.setPen(tokens().text2)
        painter.setFont(fonts.font("caption"))
        painter.drawText(QPointF(56, 32), colour.name().upper())


class IconSheet(QWidget):
    """All icons."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(190)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw them in rows."""
        painter = QPainter(self)
        columns = self.width() // 44
        for index, name in enumerate(names()):
            x, y = index % columns * 44, index // columns * 40
            paint_icon(painter, name, QRectF(x, y, 24, 24), tokens().text2, 24)
            paint_icon(painter, name, QRectF(x + 24, y + 6, 16, 16), tokens().text2, 16)


def titled(title: str) -> Card:
    """Return a card with a heading."""
    card = Card(margin=18)
    card.body.setSpacing(10)
    card.body.addWidget(text_label(title, "body", "text", fonts.SEMIBOLD))
    return card


def row(*widgets: QWidget, spacing: int = 10) -> QHBoxLayout:
    """Return the widgets side by side."""
    line = QHBoxLayout()
    line.setSpacing(spacing)
    for widget in widgets:
        line.addWidget(widget)
    line.addStretch(1)
    return line


def buttons_card() -> Card:
    """Return buttons in every state."""
    card = titled("Button")
    for kind in ("primary", "secondary"):
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(4)
        for column, (name, pose) in enumerate(_POSES.items()):
            grid.addWidget(text_label(name, "caption", "text2", fonts.MEDIUM), 0, column)
            button = PosedButton("Open", "image", kind)
            button.pose = pose
            button.setEnabled(name != "Disabled")
            grid.addWidget(button, 1, column)
        grid.setColumnStretch(5, 1)
        card.body.addLayout(grid)
    toggled = Button("Toggled", "eye")
    toggled.setCheckable(True)
    toggled.setChecked(True)
    card.body.addLayout(
        row(
            Button("Ghost", kind="ghost"),
            Button("Delete…", "trash", "danger"),
            IconButton("fullscreen", "Full screen", framed=True),
            toggled,
        )
    )
    return card


def inputs_card() -> Card:
    """Return fields, choices and sliders."""
    card = titled("Inputs")
    search = SearchField("Search labels", "Ctrl+F")
    search.setFixedWidth(190)
    combo = ComboBox("cube")
    for name in ("MobileNet V2", "MobileNet V3 Large", "Garden wildlife"):
        combo.add_option(name, name)
    combo.setFixedWidth(190)
    card.body.addLayout(row(search, combo))
    on, off = Switch(), Switch()
    on.setChecked(True)
    segmented = Segmented([("camera", "Camera", None), ("video", "Video", None), ("stream", "Stream", None)])
    card.body.addLayout(row(segmented, on, off))
    line = QHBoxLayout()
    line.setSpacing(12)
    line.addWidget(Slider(0.5))
    line.addWidget(text_label(percent(0.5, 0), "body", "text", fonts.MEDIUM))
    card.body.addLayout(line)
    return card


def bars_card() -> Card:
    """Return prediction bars: sure, not sure, live, ghosts."""
    card = titled("PredictionBar")
    card.body.setSpacing(0)
    sure, unsure, live = PredictionBars(), PredictionBars(), PredictionBars()
    sure.set_predictions([("Sure", 0.964), ("Runner-up", 0.218)], 0.5, False)
    unsure.set_predictions([("Not sure, below the limit", 0.312)], 0.5, False)
    live.set_predictions([("Live, with one second range", 0.71)], 0.5, False, ranges=[(0.6, 0.83)])
    card.body.addSpacing(8)
    for bars in (sure, unsure, live, GhostBars(1)):
        card.body.addWidget(bars)
    return card


def banners_card() -> Card:
    """Return banners of every tone and a toast."""
    card = titled("Banner and Toast")
    card.body.setSpacing(8)
    for tone, text, action in (
        ("info", "You are using the starter model.", "Get the official MobileNet"),
        ("ok", "Exports agree on 100 % of test photos", ""),
        ("warn", "Not enough space: 22 MB needed, 9 MB free.", "Change folder…"),
        ("bad", "The download stopped at 62 %.", "Resume"),
    ):
        card.body.addWidget(Banner(tone, text, action))
    toast = Toast(card)
    toast.label.setText("3 photos left out")
    toast.link.setText("Undo")
    toast.setFixedWidth(362)
    card.body.addWidget(toast)
    return card


def chips_card() -> Card:
    """Return chips, progress and key caps."""
    card = titled("Chip, Progress, Empty")
    card.body.addLayout(
        row(
            Chip("MobileNet V2", "cube", menu=True),
            Chip("6.4 ms", "stopwatch"),
            Chip("All 40", tone="accent"),
            Chip("119 of 119 agree", "check", "ok"),
            spacing=8,
        )
    )
    progress = ThinProgress()
    progress.set_fraction(0.62)
    line = QHBoxLayout()
    line.setSpacing(12)
    line.addWidget(progress)
    line.addWidget(text_label(percent(0.62, 0), "small", "text2", fonts.MEDIUM))
    line.addWidget(Ring(fraction=0.62))
    line.addWidget(KeyCap("Ctrl+O"))
    card.body.addLayout(line)
    return card


def palette_card() -> Card:
    """Return the colours."""
    card = titled("Palette")
    card.body.setSpacing(0)
    for name in ("bg", "panel", "rail", "line", "line2", "text", "text2", "text3", "accent", "accentText", "soft",
                 "barMuted", "ok", "warn", "bad"):  # fmt: skip
        card.body.addWidget(Swatch(name))
    card.body.addStretch(1)
    return card


def components_page() -> QWidget:
    """Return the page that the design's components sheet shows."""
    page = QWidget()
    page.resize(1320, 760)
    columns = QHBoxLayout(page)
    columns.setContentsMargins(20, 20, 20, 20)
    columns.setSpacing(14)
    for width, cards in (
        (500, [buttons_card(), inputs_card()]),
        (532, [bars_card(), banners_card(), chips_card()]),
        (220, [palette_card()]),
    ):
        column = QVBoxLayout()
        column.setSpacing(14)
        for card in cards:
            card.setFixedWidth(width)
            column.addWidget(card)
        column.addStretch(1)
        columns.addLayout(column)
    return page


def standard_card() -> Card:
    """Return Qt's own controls in the kit's dress."""
    card = titled("Standard controls")
    checked, part, plain = QCheckBox("Include subfolders"), QCheckBox("Partly"), QCheckBox("Off")
    checked.setChecked(True)
    part.setCheckState(Qt.CheckState.PartiallyChecked)
    card.body.addLayout(row(checked, part, plain))
    one, two = QRadioButton("Follow the system"), QRadioButton("Dark")
    one.setChecked(True)
    spin = QSpinBox()
    spin.setRange(0, 256)
    spin.setValue(4)
    card.body.addLayout(row(one, two, spin))
    tabs = QTabBar()
    tabs.setExpanding(False)
    for name in ("General", "Models", "About"):
        tabs.addTab(name)
    card.body.addWidget(tabs)
    progress = QProgressBar()
    progress.setValue(40)
    card.body.addWidget(progress)
    entries = QListWidget()
    entries.addItems([f"Entry {n}" for n in range(1, 12)])
    entries.setCurrentRow(1)
    entries.setFixedHeight(110)
    card.body.addWidget(entries)
    field = Field("Download address", "https://…", "Leave empty for the official address.")
    field.set_text("ftp://somewhere")
    field.set_error("An address begins with https:// or http://.")
    card.body.addWidget(field)
    return card


def demo_menu(parent: QWidget) -> QMenu:
    """Return a menu with marks, icons, shortcuts and a submenu."""
    menu = QMenu(parent)
    menu.addAction(icon("image", "text2"), "Open photos…", QKeySequence("Ctrl+O"), lambda: None)
    chosen = menu.addAction("MobileNet V2")
    chosen.setCheckable(True)
    chosen.setChecked(True)
    menu.addSeparator()
    menu.addAction(icon("trash", "text2"), "Remove").setEnabled(False)
    menu.addMenu("Sort by").addAction("Name")
    menu.setActiveAction(chosen)
    return menu


def models_inspector() -> Inspector:
    """Return the inspector with a scatter plot and a histogram."""
    inspector = Inspector()
    inspector.top.addWidget(Chip("MobileNet V2", "cube", menu=True))
    inspector.top.addWidget(Chip("6.4 ms", "stopwatch"))
    inspector.body.addWidget(text_label("Great grey owl", "result", "text", fonts.SEMIBOLD))
    bars = PredictionBars()
    bars.set_predictions(
        [("Great grey owl", 0.964), ("Kite", 0.011), ("Ruffed grouse", 0.006), ("Lynx", 0.003), ("Marmoset", 0.001)],
        0.5,
        False,
    )
    bars.set_selected(1)
    inspector.body.addWidget(bars)
    section = inspector.add_section()
    explain = Switch("Explain")
    explain.setChecked(True)
    section.addWidget(explain)
    histogram = ConfidenceHistogram()
    histogram.set_values([0.31, 0.41, 0.83] + [0.88] * 2 + [0.93] * 4 + [0.98] * 9, 0.5)
    section.addWidget(histogram)
    section.addWidget(Slider(0.5))
    plot = ScatterPlot()
    plot.set_points(
        [
            ScatterPoint("l", "V3 L", 7.6, 0.752, estimated=True),
            ScatterPoint("14", "V2 1.4", 10.6, 0.749, estimated=True),
            ScatterPoint("2", "V2", 6.4, 0.718, selected=True),
            ScatterPoint("1", "V1", 11.0, 0.709, estimated=True),
            ScatterPoint("s", "V3 S", 3.0, 0.675, estimated=True),
        ]
    )
    inspector.add_section().addWidget(plot)
    footer = QHBoxLayout()
    footer.setSpacing(8)
    footer.addWidget(Button("Copy", "copy"), 1)
    footer.addWidget(Button("Export…", "export"), 1)
    inspector.footer.addLayout(footer)
    return inspector


def window_page() -> QWidget:
    """Return the parts of a window in place: rail, header, banner, drop zone, inspector."""
    page = QWidget()
    page.resize(1200, 760)
    line = QHBoxLayout(page)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(0)
    entries = [("photos", "Photos", "image"), ("live", "Live", "video"), ("tune", "Fine-tune", "sliders")]
    rail = NavRail([*entries, ("models", "Models", "cube")], [("settings", "Settings", "settings")])
    rail.set_progress("tune", 0.7)
    line.addWidget(rail)
    centre = QVBoxLayout()
    centre.setSpacing(0)
    header = PageHeader("Photos")
    header.set_title("Photos", "40 from Holiday 2024")
    header.add_action(Segmented([("single", "", "view-single"), ("grid", "", "view-grid")], tooltips=("One", "All")))
    header.add_action(IconButton("fullscreen", "Full screen", framed=True))
    header.add_action(Button("Add", "plus"))
    centre.addWidget(header)
    body = QVBoxLayout()
    body.setContentsMargins(24, 0, 24, 24)
    body.setSpacing(16)
    body.addWidget(
        Banner(
            "info",
            "You are using the built-in starter model (200 classes).",
            "Get the official MobileNet (1000 classes, 17 MB)",
        )
    )
    zone = DropZone()
    body.addWidget(zone, 1)
    centre.addLayout(body)
    line.addLayout(centre, 1)
    line.addWidget(models_inspector())
    return page


def more_page() -> QWidget:
    """Return standard controls, the menu and all icons."""
    page = QWidget()
    page.resize(1100, 700)
    column = QVBoxLayout(page)
    column.setContentsMargins(20, 20, 20, 20)
    line = QHBoxLayout()
    line.addWidget(standard_card())
    menu = demo_menu(page)
    side = titled("Menu")
    side.body.addWidget(_Picture(menu))
    side.body.addWidget(Divider())
    side.body.addWidget(GhostBars())
    side.body.addStretch(1)
    line.addWidget(side)
    column.addLayout(line)
    icons = titled("Icons")
    icons.body.addWidget(IconSheet())
    column.addWidget(icons)
    column.addStretch(1)
    return page


class _Picture(QWidget):
    """A picture of a popup, which cannot stand inside a page."""

    def __init__(self, popup: QWidget) -> None:
        super().__init__()
        self._popup = popup
        popup.ensurePolished()
        self.setFixedSize(popup.sizeHint())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the popup."""
        picture = QPixmap(self.size() * self.devicePixelRatioF())
        picture.setDevicePixelRatio(self.devicePixelRatioF())
        picture.fill(QColor(0, 0, 0, 0))
        self._popup.resize(self.size())
        self._popup.render(picture)
        QPainter(self).drawPixmap(0, 0, picture)


def main(arguments: list[str] | None = None) -> int:
    """Show the gallery, or save pictures of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", type=Path, help="folder for pictures; no window is shown")
    parser.add_argument("--page", choices=("components", "window", "more"), default="components")
    options = parser.parse_args(arguments)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    theme().apply()
    pages = {"components": components_page, "window": window_page, "more": more_page}
    if options.save is not None:
        options.save.mkdir(parents=True, exist_ok=True)
        for mode in ("light", "dark"):
            theme().set_mode(mode)
            for name, make in pages.items():
                page = make()
                page.grab().save(str(options.save / f"{name}-{mode}.png"))
                page.deleteLater()
        return 0
    page = pages[options.page]()
    page.setWindowIcon(app_icon())
    page.setFont(QFont(fonts.font("body")))
    QShortcut("T", page).activated.connect(lambda: theme().set_mode("light" if tokens().dark else "dark"))
    page.show()
    return int(app.exec())


if __name__ == "__main__":
    sys.exit(main())
