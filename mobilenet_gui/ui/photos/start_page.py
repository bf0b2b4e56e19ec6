"""Owns the photos page without photos: the drop zone, the photos that ship for trying out, what comes with the program.

What a model says of the sample photos is handed in; nothing is claimed before that, or where the model is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from mobilenet_gui.core import catalog
from mobilenet_gui.core.answers import headline, percent
from mobilenet_gui.i18n import shown, tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import notify_name, number_word, shows_focus, spoken_percent
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.photos.tiles import paint_cover
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import HEIGHT_SMALL, PAGE_MARGIN, RADIUS_CONTROL
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.drop_zone import DropZone
from mobilenet_gui.ui.widgets.labels import ElidedLabel, IconLabel, text_label
from mobilenet_gui.ui.widgets.painting import bar, draw_text, focus_ring, rounded
from mobilenet_gui.workers.sample_answers import SHOWN, SampleAnswer, sample_photos

_GAP: Final = 11
_NARROWEST: Final = 88
"""Width of a tile that still holds “Traffic light” beside a tick."""
_SHAPE: Final = 0.77
"""Height of a picture against its width."""
_WIDEST: Final = 160
_LINE: Final = 20
_BAR: Final = 5
_TICK: Final = 16
_ZONE: Final = 240
"""Height that the drop zone needs for its words and buttons."""


class _Words(ElidedLabel):
    """A sentence of which a shorter form stands where the whole does not fit."""

    def __init__(self) -> None:
        self._forms: tuple[str, str] = ("", "")
        super().__init__("", "body", "text2")

    def say(self, whole: str, shorter: str) -> None:
        """Say something else."""
        self._forms = whole, shorter
        self._choose()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Say as much as fits."""
        self._choose()

    def sizeHint(self) -> QSize:
        """Return the size of the shorter form whichever is shown, or the two would push each other for ever."""
        metrics = QFontMetricsF(self.font())
        return QSize(math.ceil(metrics.horizontalAdvance(self._forms[1])) + 1, round(metrics.height()))

    def _choose(self) -> None:
        whole, shorter = self._forms
        fits = QFontMetricsF(self.font()).horizontalAdvance(whole) <= self.width()
        chosen = whole if fits else shorter
        if chosen != self.text():
            self.setText(chosen)
        self.setAccessibleName(whole)


class SampleTile(QAbstractButton):
    """One sample photo; below it what the model says: a tick where it is right, the label, the share and its bar."""

    def __init__(self, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.path = path
        self.answer: SampleAnswer | None = None
        self._picture: QImage | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMaximumWidth(fonts.px(_WIDEST))
        self.show_answer(None)

    @property
    def right(self) -> bool:
        """The model named what the photo shows."""
        return self.answer is not None and self.answer.id == SHOWN.get(self.path.stem)

    def set_picture(self, picture: QImage) -> None:
        """Show the photo."""
        self._picture = picture
        self.update()

    def show_answer(self, answer: SampleAnswer | None) -> None:
        """Show what a model says; None shows the photo alone."""
        self.answer = answer
        name = tr("Sample photo {name}").format(name=self.path.stem.replace("-", " "))
        if answer is not None:
            label, share = shown(headline(answer.shown)), spoken_percent(answer.probability)
            words = tr("{name}: {label}, {percent}, right") if self.right else tr("{name}: {label}, {percent}")
            name = words.format(name=name, label=label, percent=share)
        self.setAccessibleName(name)
        self.setToolTip("" if answer is None else headline(answer.shown))
        notify_name(self)
        self.update()

    def fit(self, width: int) -> int:
        """Be as high as `width` pixels ask for; return that height."""
        width = min(width, self.maximumWidth())
        high = round(width * _SHAPE) + (2 * fonts.px(_LINE) + 6)
        self.setFixedHeight(high)
        return high

    def sizeHint(self) -> QSize:
        """Return a useful size."""
        return QSize(fonts.px(_NARROWEST), self.height())

    def minimumSizeHint(self) -> QSize:
        """Return the least useful size."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw picture and answer."""
        painter, colours, line = QPainter(self), tokens(), fonts.px(_LINE)
        box = QRectF(self.rect())
        place = box.adjusted(0, 0, 0, -2 * line - 6)
        if shows_focus(self):
            place = focus_ring(painter, place, RADIUS_CONTROL)
        if self._picture is None:
            rounded(painter, place, RADIUS_CONTROL, colours.track)
        else:
            paint_cover(painter, self._picture, place, RADIUS_CONTROL)
        if self.answer is None:
            return
        words = QRectF(2, box.bottom() - 2 * line, box.width() - 2, line)
        below = QRectF(2, box.bottom() - line, box.width() - 2, line)
        name, strong, side = headline(self.answer.shown), fonts.font("small", fonts.SEMIBOLD), fonts.px(_TICK)
        if self.right:
            # A long name has its line for itself.
            beside = QFontMetricsF(strong).horizontalAdvance(name) <= words.width() - side - 2
            at = words if beside else below
            paint_icon(painter, "check", QRectF(at.x(), at.center().y() - side / 2, side, side), colours.ok, side)
            at.setLeft(at.x() + side + 2)
        draw_text(painter, words, name, strong, colours.text)
        face = fonts.font("caption")
        taken = draw_text(painter, below, percent(self.answer.probability), face, colours.text2, elide=False)
        start, high = below.x() + math.ceil(taken) + 8, fonts.px(_BAR)
        track = QRectF(start, below.center().y() - high / 2, max(0.0, below.right() - start), high)
        bar(painter, track, self.answer.probability, colours.accent if self.right else colours.barMuted, colours.track)


class SampleStrip(QWidget):
    """The sample photos in a row, as many as there is room for; all of them behind a link.

    Attributes:
        opened: a photo was pressed: its path.
        all_wanted: all of them are to be opened.
    """

    opened = Signal(object)
    all_wanted = Signal()

    def __init__(self, photos: Sequence[Path], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = ""
        self.caption = _Words()
        self.open_all = Button(tr("Open all {n}").format(n=len(photos)), kind="link", height=HEIGHT_SMALL)
        self.open_all.clicked.connect(self.all_wanted)
        self.tiles = [SampleTile(path) for path in photos]
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(text_label(tr("Or start with these"), "body", "text", fonts.SEMIBOLD))
        head.addWidget(self.caption, 1)
        head.addWidget(self.open_all)
        self._row = QWidget()
        row = QHBoxLayout(self._row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(_GAP)
        for tile in self.tiles:
            tile.clicked.connect(lambda _checked=False, t=tile: self.opened.emit(t.path))
            row.addWidget(tile, 1)
        row.addStretch()
        # How many fit is told by the width, which they must not ask for.
        self._row.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self._row)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_pictures(self, pictures: Mapping[str, QImage]) -> None:
        """Show the photos, by the names of their files without suffixes."""
        for tile in self.tiles:
            if tile.path.stem in pictures:
                tile.set_picture(pictures[tile.path.stem])

    def forget(self, model: str) -> None:
        """Claim nothing; from now on `model` answers."""
        self._model = model
        for tile in self.tiles:
            tile.show_answer(None)
        self._say()

    def show_answer(self, name: str, answer: SampleAnswer) -> None:
        """Show what the model says of one photo."""
        for tile in self.tiles:
            if tile.path.stem == name:
                tile.show_answer(answer)
        self._say()

    def fit(self, width: int, height: int) -> None:
        """Show as many photos as `width` pixels hold, none where `height` does not suffice."""
        count = max(1, (width + _GAP) // (fonts.px(_NARROWEST) + _GAP))
        shown_tiles = min(count, len(self.tiles))
        each = (width + _GAP) // max(1, shown_tiles) - _GAP
        high = max((tile.fit(each) for tile in self.tiles), default=0)
        for place, tile in enumerate(self.tiles):
            tile.setVisible(place < shown_tiles)
        self._row.setVisible(high + self.open_all.sizeHint().height() + 8 <= height)

    def _say(self) -> None:
        answered = sum(tile.answer is not None for tile in self.tiles)
        right, total = sum(tile.right for tile in self.tiles), len(self.tiles)
        if not total or answered < total:
            self.caption.say("", "")
            return
        if right == total:
            forms = tr("Already answered by {model}, all {total} right"), tr("{model}: all {total} right")
        else:
            forms = tr("Already answered by {model}, {right} of {total} right"), tr("{model}: {right} of {total} right")
        words = {"model": self._model, "right": number_word(right), "total": number_word(total)}
        self.caption.say(forms[0].format(**words), forms[1].format(**words))


class BuiltInLine(QWidget):
    """What comes with the program, and what there is beyond it.

    Attributes:
        official_wanted: the official model is to be got.
    """

    official_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = _Words()
        self.get = Button(_official_offer(), kind="link", height=HEIGHT_SMALL)
        self.get.clicked.connect(self.official_wanted)
        self._icon = IconLabel("cube")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(self._icon)
        row.addWidget(self.words, 1)
        row.addWidget(self.get)
        self.say("", offered=False)

    def say(self, name: str, *, offered: bool) -> None:
        """Name the built-in model, nothing for an empty name; offer the official one, or not."""
        whole, shorter = tr("Built in: {name}, 1,000 classes, nothing to download."), tr("Built in: {name}")
        self.words.say(whole.format(name=name) if name else "", shorter.format(name=name) if name else "")
        self._icon.setVisible(bool(name))
        self.get.setVisible(offered)

    @property
    def needed(self) -> bool:
        """There is something to say."""
        return bool(self.words.text()) or not self.get.isHidden()


class StartPage(QWidget):
    """Drop zone, sample photos, and the line on what is built in. Where there is little room the zone comes first.

    Attributes:
        zone, strip, line: its parts.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.zone = DropZone()
        self.strip = SampleStrip(sample_photos())
        self.line = BuiltInLine()
        self._alone = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN, PAGE_MARGIN)
        self._column.setSpacing(16)
        self._column.addWidget(self.zone, 1)
        self._column.addWidget(self.strip)
        self._column.addWidget(self.line)
        self._fit()

    def set_alone(self, alone: bool) -> None:
        """Show the zone alone, as for photos that join others, or everything."""
        if alone != self._alone:
            self._alone = alone
            self._fit()

    def say(self, name: str, *, offered: bool) -> None:
        """See `BuiltInLine.say`."""
        self.line.say(name, offered=offered)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out what there is no room for."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        wanted = not self._alone
        left = self.height() - PAGE_MARGIN - fonts.px(_ZONE)
        self.line.setVisible(wanted and self.line.needed)
        if self.line.needed:
            left -= self.line.sizeHint().height() + self._column.spacing()
        self.strip.setVisible(wanted and bool(self.strip.tiles))
        self.strip.fit(self.width() - 2 * PAGE_MARGIN, left - self._column.spacing())


def _official_offer() -> str:
    """Return what the empty page offers beyond the built-in model, with the size of the download."""
    entry = catalog.by_id(catalog.DEFAULT_ID)
    if entry is None:
        raise RuntimeError(f"{catalog.DEFAULT_ID} is not in the catalogue")
    return tr("Get MobileNet V2 from Keras ({size} MB)").format(size=round(entry.download_bytes / 1e6))
