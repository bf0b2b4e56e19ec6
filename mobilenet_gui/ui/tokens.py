"""The design's numbers: colours of both schemes, spacing, radii, heights and durations. Nothing here knows a widget.

Colour names are the design's own, so that design and code can be searched for the same word.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from PySide6.QtGui import QColor, QPalette

PAGE_MARGIN = 24
INSPECTOR_MARGIN = 20
DIALOG_MARGIN = 28

RADIUS_SMALL = 6
RADIUS_CONTROL = 8
RADIUS_CARD = 12
RADIUS_PREVIEW = 14
RADIUS_ZONE = 16

HEIGHT_SMALL = 28
HEIGHT_CONTROL = 32
HEIGHT_LARGE = 36
HEIGHT_HEADER = 60
HEIGHT_BANNER = 40
HEIGHT_BAR_ROW = 38
HEIGHT_BAR = 6
HEIGHT_FILMSTRIP = 92
HEIGHT_FILMSTRIP_SHORT = 72
HEIGHT_FOOTER = 64
WIDTH_RAIL = 84
WIDTH_INSPECTOR = 312
WIDTH_INSPECTOR_NARROW = 280
WIDTH_INSPECTOR_MIN = 260
WIDTH_INSPECTOR_MAX = 420
NARROW_BELOW = 1000
"""Window width in pixels below which headers, inspector and thumbs take their narrow form."""
SHORT_BELOW = 680
"""Window height in pixels below which the film strip shrinks and helper sentences go."""

MS_HOVER = 80
MS_BARS = 180
MS_BANNER = 160
MS_TOAST = 8000
MS_LOADING_DELAY = 150


@dataclass(frozen=True, slots=True)
class Tokens:
    """Every colour of one scheme."""

    dark: bool
    bg: QColor
    panel: QColor
    rail: QColor
    canvas: QColor
    field: QColor
    line: QColor
    line2: QColor
    control: QColor
    track: QColor
    text: QColor
    text2: QColor
    text3: QColor
    accent: QColor
    accentHover: QColor
    accentPressed: QColor
    accentText: QColor
    onAccent: QColor
    soft: QColor
    barMuted: QColor
    ok: QColor
    okSoft: QColor
    warn: QColor
    warnSoft: QColor
    bad: QColor
    badSoft: QColor
    railSelected: QColor
    hover: QColor
    """Fill of a plain button under the pointer."""
    pressed: QColor
    segment: QColor
    """Fill of the chosen option of a strip."""
    knob: QColor
    edge: QColor
    """Outline of soft fills: fully transparent but in high contrast, where fills alone would vanish."""
    disabledText: QColor
    ghostBar: QColor
    ghostTrack: QColor
    zone: QColor
    """Fill of the drop zone at rest."""
    toast: QColor
    toastText: QColor
    toastLink: QColor
    overlay: QColor
    """Fill of what lies over a photo; text on it is white."""
    onOverlay: QColor
    shadow: QColor
    """Colour of the strongest point of a shadow, alpha included."""

    def named(self, name: str) -> QColor:
        """Return the colour called `name`.

        Raises:
            KeyError: there is no such colour.
        """
        if name not in _COLOUR_NAMES:
            raise KeyError(name)
        colour: QColor = getattr(self, name)
        return colour


_COLOUR_NAMES = frozenset(f.name for f in fields(Tokens) if f.name != "dark")


def _scheme(
    *, dark: bool, overlay: tuple[int, int, int, int], shadow: tuple[int, int, int, int], **hex_: str
) -> Tokens:
    colours = {name: QColor(value) for name, value in hex_.items()}
    return Tokens(dark=dark, overlay=QColor(*overlay), shadow=QColor(*shadow), **colours)


LIGHT = _scheme(
    dark=False,
    bg="#F6F7F9",
    panel="#FFFFFF",
    rail="#ECEEF2",
    canvas="#ECEEF2",
    field="#FFFFFF",
    line="#E3E6EB",
    line2="#CBD0D9",
    control="#858C99",
    track="#E9EBF0",
    text="#15171C",
    text2="#525965",
    text3="#626976",
    accent="#3454E0",
    accentHover="#385BF2",
    accentPressed="#2B45B8",
    accentText="#3050D8",
    onAccent="#FFFFFF",
    soft="#E9EDFD",
    barMuted="#B4C0F4",
    ok="#1A7440",
    okSoft="#E4F4EA",
    warn="#8F5A00",
    warnSoft="#FDF4E3",
    bad="#BF2F2A",
    badSoft="#FCEBEA",
    railSelected="#DCE3FC",
    hover="#E2E5EB",
    pressed="#CBD0D9",
    segment="#FFFFFF",
    knob="#FFFFFF",
    edge="transparent",
    disabledText="#A5ABB6",
    ghostBar="#D5D9E1",
    ghostTrack="#F2F3F6",
    zone="#FBFCFD",
    toast="#24272D",
    toastText="#FFFFFF",
    toastLink="#9DB1FF",
    overlay=(16, 18, 22, 209),
    onOverlay="#FFFFFF",
    shadow=(20, 24, 36, 46),
)

DARK = _scheme(
    dark=True,
    bg="#191B1F",
    panel="#1F2226",
    rail="#131518",
    canvas="#131518",
    field="#26292F",
    line="#2C3036",
    line2="#434953",
    control="#737B88",
    track="#2D3138",
    text="#F1F2F5",
    text2="#B0B6C2",
    text3="#939AA8",
    accent="#4C68EA",
    accentHover="#4660D9",
    accentPressed="#3E55C0",
    accentText="#9DB1FF",
    onAccent="#FFFFFF",
    soft="#272D47",
    barMuted="#46528C",
    ok="#62CE95",
    okSoft="#1C3228",
    warn="#EBB850",
    warnSoft="#352C1A",
    bad="#FF8F86",
    badSoft="#3B2423",
    railSelected="#272D47",
    hover="#2A2E34",
    pressed="#434953",
    segment="#434953",
    knob="#FFFFFF",
    edge="transparent",
    disabledText="#666D79",
    ghostBar="#3C424A",
    ghostTrack="#272B31",
    zone="#1C1E22",
    toast="#F1F2F5",
    toastText="#15171C",
    toastLink="#3050D8",
    overlay=(16, 18, 22, 209),
    onOverlay="#FFFFFF",
    shadow=(0, 0, 0, 110),
)


def mix(first: QColor, second: QColor, share: float) -> QColor:
    """Return the colour `share` (0..1) of the way from `first` to `second`, alpha included."""
    share = min(max(share, 0.0), 1.0)

    def between(one: float, other: float) -> float:
        return one + (other - one) * share

    return QColor.fromRgbF(
        between(first.redF(), second.redF()),
        between(first.greenF(), second.greenF()),
        between(first.blueF(), second.blueF()),
        between(first.alphaF(), second.alphaF()),
    )


def high_contrast(system: QPalette) -> Tokens:
    """Return tokens made of the system's own colours only, for people who chose a high-contrast scheme."""

    def role(which: QPalette.ColorRole) -> QColor:
        return system.color(QPalette.ColorGroup.Active, which)

    window, base = role(QPalette.ColorRole.Window), role(QPalette.ColorRole.Base)
    text, button = role(QPalette.ColorRole.WindowText), role(QPalette.ColorRole.Button)
    highlight, on_highlight = role(QPalette.ColorRole.Highlight), role(QPalette.ColorRole.HighlightedText)
    link = role(QPalette.ColorRole.Link)
    disabled = system.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.WindowText)
    return Tokens(
        dark=window.lightness() < text.lightness(),
        bg=window, panel=window, rail=window, canvas=window, field=base,
        # Soft fills and hairlines vanish in high contrast, so borders take the text's colour.
        line=text, line2=text, control=text, track=base,
        text=text, text2=text, text3=text,
        accent=highlight, accentHover=highlight, accentPressed=highlight, accentText=link, onAccent=on_highlight,
        soft=base, barMuted=text, ok=text, okSoft=base, warn=text, warnSoft=base, bad=text, badSoft=base,
        railSelected=base, hover=button, pressed=button, segment=button, knob=text, edge=text,
        disabledText=disabled, ghostBar=disabled, ghostTrack=base, zone=window,
        toast=base, toastText=text, toastLink=link, overlay=QColor(0, 0, 0), onOverlay=QColor(255, 255, 255),
        shadow=QColor(0, 0, 0, 0),
    )  # fmt: skip


def palette(colours: Tokens) -> QPalette:
    """Return the `QPalette` that carries `colours` to everything Qt paints by itself."""
    group, role = QPalette.ColorGroup, QPalette.ColorRole
    result = QPalette()
    for where, colour in (
        (role.Window, colours.bg),
        (role.WindowText, colours.text),
        (role.Base, colours.field),
        (role.AlternateBase, colours.panel),
        (role.Text, colours.text),
        (role.PlaceholderText, colours.text3),
        (role.Button, colours.field),
        (role.ButtonText, colours.text),
        (role.BrightText, colours.onAccent),
        (role.ToolTipBase, colours.toast),
        (role.ToolTipText, colours.toastText),
        (role.Highlight, colours.accent),
        (role.HighlightedText, colours.onAccent),
        (role.Link, colours.accentText),
        (role.LinkVisited, colours.accentText),
        (role.Accent, colours.accent),
        (role.Light, colours.panel),
        (role.Midlight, colours.line),
        (role.Mid, colours.line2),
        (role.Dark, colours.control),
        (role.Shadow, colours.shadow),
    ):
        result.setColor(role(where), colour)
    for where in (role.WindowText, role.Text, role.ButtonText, role.PlaceholderText):
        result.setColor(group.Disabled, where, colours.disabledText)
    result.setColor(group.Disabled, role.Highlight, colours.line2)
    result.setColor(group.Disabled, role.Base, colours.panel)
    return result


def contrast(first: QColor, second: QColor) -> float:
    """Return WCAG's contrast ratio of two opaque colours, 1 to 21."""

    def luminance(colour: QColor) -> float:
        parts = []
        for value in (colour.redF(), colour.greenF(), colour.blueF()):
            parts.append(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)
