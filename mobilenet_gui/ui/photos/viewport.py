"""Owns the arithmetic of looking at a photo: how large it is drawn and where, while fitting, zooming and panning.

Lengths are in logical pixels of the widget; a scale is logical pixels a photo pixel.
"""

from __future__ import annotations

MARGIN = 24.0
MAX_ENLARGED_FIT = 3.0
MAX_SCALE = 16.0
STEP = 1.25


class Viewport:
    """The view of one photo in one widget. Without a zoom of its own the photo is fitted."""

    def __init__(self) -> None:
        self.view = (1.0, 1.0)
        self.photo = (1.0, 1.0)
        self.margin = MARGIN
        self._scale: float | None = None
        self._centre = (0.5, 0.5)

    @property
    def fitted(self) -> bool:
        """Whether the whole photo is shown as large as it fits."""
        return self._scale is None

    @property
    def fit_scale(self) -> float:
        """The scale at which the photo fits with a margin; small photos are enlarged up to three times."""
        width = max(1.0, self.view[0] - 2 * self.margin)
        height = max(1.0, self.view[1] - 2 * self.margin)
        return min(width / self.photo[0], height / self.photo[1], MAX_ENLARGED_FIT)

    @property
    def scale(self) -> float:
        """The scale now."""
        return self.fit_scale if self._scale is None else self._scale

    def set_view(self, width: float, height: float) -> None:
        """Take the widget's size."""
        self.view = (max(1.0, width), max(1.0, height))
        self._settle()

    def set_photo(self, width: float, height: float) -> None:
        """Take another photo's size in pixels, and fit it."""
        self.photo = (max(1.0, width), max(1.0, height))
        self.fit()

    def fit(self) -> None:
        """Show the whole photo."""
        self._scale = None
        self._centre = (0.5, 0.5)

    def rect(self) -> tuple[float, float, float, float]:
        """Return where the photo is drawn: left, top, width, height."""
        scale = self.scale
        width, height = self.photo[0] * scale, self.photo[1] * scale
        left = self.view[0] / 2 - self._centre[0] * width
        top = self.view[1] / 2 - self._centre[1] * height
        return left, top, width, height

    def zoom_to(self, scale: float, x: float, y: float) -> None:
        """Take a scale, keeping the photo's point under (x, y) in place. Smaller than fitting is fitting."""
        if scale <= self.fit_scale:
            self.fit()
            return
        left, top, width, height = self.rect()
        at = ((x - left) / width, (y - top) / height)
        self._scale = min(scale, max(MAX_SCALE, self.fit_scale))
        width, height = self.photo[0] * self._scale, self.photo[1] * self._scale
        self._centre = (
            at[0] + (self.view[0] / 2 - x) / width,
            at[1] + (self.view[1] / 2 - y) / height,
        )
        self._settle()

    def zoom_by(self, factor: float, x: float, y: float) -> None:
        """Multiply the scale, keeping the point under (x, y) in place."""
        self.zoom_to(self.scale * factor, x, y)

    def pan(self, dx: float, dy: float) -> None:
        """Move the photo by so many pixels of the widget; it does not leave the widget."""
        if self._scale is None:
            return
        width, height = self.photo[0] * self._scale, self.photo[1] * self._scale
        self._centre = (self._centre[0] - dx / width, self._centre[1] - dy / height)
        self._settle()

    def _settle(self) -> None:
        """Keep the photo's edges from coming inside the widget further than they must."""
        if self._scale is None:
            return
        if self._scale <= self.fit_scale:
            self.fit()
            return
        centre = []
        for at, view, side in zip(self._centre, self.view, self.photo, strict=True):
            half = view / (2 * side * self._scale)
            centre.append(0.5 if half >= 0.5 else min(max(at, half), 1 - half))
        self._centre = (centre[0], centre[1])
