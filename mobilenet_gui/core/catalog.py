"""Owns the list of published MobileNets: what exists, what it is called, where it lies, what it can do."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from mobilenet_gui.core import catalog_data as data
from mobilenet_gui.core.types import Preprocessing
from mobilenet_gui.i18n import tr

Family = Literal[
    "v1", "v2", "v3-small", "v3-large", "v3-small-minimalistic", "v3-large-minimalistic",
    "v4-small", "v4-medium", "v4-large", "lite0", "lite1", "lite2", "lite3", "lite4",
]  # fmt: skip
"""The architectures that are imported, converted and fine-tuned."""

OFFICIAL_BASE: Final = "https://storage.googleapis.com/tensorflow/keras-applications"
"""The folder that Keras itself downloads from; `CatalogEntry.url_path` is below it."""

HUB_BASE: Final = "https://huggingface.co"
"""Where timm's weights are: MobileNet V4, which Google never published, and EfficientNet-Lite."""

DEFAULT_ID: Final = "mobilenet-v2-1.0-224"
"""What a newcomer is offered first. V3 Large answers four points better but is half as large again to download; V2 1.0
has a published top-5, a classifier of one layer (so its heat map is the plain class-activation map), and is the base
that most people fine-tune."""

_FAMILY_NAMES: Final[dict[Family, str]] = {
    "v1": "MobileNet V1",
    "v2": "MobileNet V2",
    "v3-small": "MobileNet V3 Small",
    "v3-large": "MobileNet V3 Large",
    "v3-small-minimalistic": "MobileNet V3 Small minimalistic",
    "v3-large-minimalistic": "MobileNet V3 Large minimalistic",
    "v4-small": "MobileNet V4 Small",
    "v4-medium": "MobileNet V4 Medium",
    "v4-large": "MobileNet V4 Large",
    "lite0": "EfficientNet-Lite0",
    "lite1": "EfficientNet-Lite1",
    "lite2": "EfficientNet-Lite2",
    "lite3": "EfficientNet-Lite3",
    "lite4": "EfficientNet-Lite4",
}
_YEARS: Final[dict[Family, int]] = {"v1": 2017, "v2": 2018}


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """One file on the official server.

    Attributes:
        file_name: its name there, and in Keras' own cache.
        url_path: its path below the download base.
        download_bytes: its size; exact where known, otherwise within about five per cent. To show, not to check.
        md5: the sum Keras publishes, lower-case hex; None where it publishes none.
        backbone: without the classifier ("no top"): for fine-tuning only.
        base: the folder that `url_path` is below.
    """

    file_name: str
    url_path: str
    download_bytes: int
    md5: str | None
    backbone: bool
    base: str = OFFICIAL_BASE


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One official model.

    Attributes:
        id: what the command line and the bundle's folder call it, such as `mobilenet-v2-1.0-224`.
        name: what a person calls it; unique in the catalogue.
        family: the architecture.
        alpha: width multiplier.
        input_size: side of the square input in pixels.
        parameters: exact number of weights, batch-norm statistics included.
        macs: multiply-adds for one photo, as published.
        top1: share of ImageNet's validation photos answered right, 0 to 1, as published; None where unpublished.
        top5: share with the right answer among the first five.
        weights: the file with the classifier.
        backbone: the file without it; None where there is none.
        year: of publication.
        source: who published the weights.
        crop_fraction: of the photo's shorter side, as the published figures were measured.
        package: the Python package that has the weights, too; where it is installed, nothing is downloaded.
    """

    id: str
    name: str
    family: Family
    alpha: float
    input_size: int
    parameters: int
    macs: int | None
    top1: float | None
    top5: float | None
    weights: WeightsFile
    backbone: WeightsFile | None
    year: int
    classes: int = 1000
    licence: str = "Apache-2.0"
    source: str = "Google"
    crop_fraction: float = 0.875
    package: str = ""
    sha256: str | None = None

    @property
    def file_name(self) -> str:
        """Name of the file with the classifier."""
        return self.weights.file_name

    @property
    def url_path(self) -> str:
        """Path of the file with the classifier below the download base."""
        return self.weights.url_path

    @property
    def download_bytes(self) -> int:
        """Approximate size of the download."""
        return self.weights.download_bytes

    @property
    def md5(self) -> str | None:
        """Published md5 of the download, or None."""
        return self.weights.md5

    @property
    def minimalistic(self) -> bool:
        """Whether it is a V3 without squeeze-and-excite, hard-swish and 5x5 convolutions."""
        return self.family.endswith("minimalistic")

    @property
    def preprocessing(self) -> Preprocessing:
        """How a photo becomes its input. All but V1 and V2 scale the pixels themselves."""
        return Preprocessing(
            size=self.input_size,
            crop_fraction=self.crop_fraction,
            normalization="minus1_1" if self.family in ("v1", "v2") else "zero_255",
        )

    @property
    def description(self) -> str:
        """One or two plain sentences for the model's page, in the reader's language."""
        return _description(self)


def by_id(entry_id: str) -> CatalogEntry | None:
    """Return the entry of that id, or None."""
    return _by_id().get(entry_id)


def close_ids(entry_id: str, limit: int = 3) -> list[str]:
    """Return the ids most like a mistyped one, best first; may be empty."""
    wanted = entry_id.strip().lower().replace("_", "-").replace(" ", "-")
    ids = [entry.id for entry in ENTRIES]
    # "v2" or "mobilenet-v2" resembles no full id by letters: an id that holds it is the better guess.
    holding = [i for i in ids if wanted and wanted in i]
    holding.sort(key=lambda i: (not i.endswith("-1.0-224"), not i.endswith("-224"), len(i)))
    near = difflib.get_close_matches(wanted, ids, n=limit, cutoff=0.6)
    return list(dict.fromkeys([*holding[:limit], *near]))[:limit]


def find_by_file_name(name: str) -> tuple[CatalogEntry, WeightsFile] | None:
    """Return which official file bears that name; a browser's `name (1).h5` is seen through."""
    stem, dot, suffix = name.rpartition(".")
    if stem.endswith(")") and " (" in stem and stem[stem.rindex(" (") + 2 : -1].isdigit():
        stem = stem[: stem.rindex(" (")]
    return _by_file_name().get((stem + dot + suffix).lower())


def _description(entry: CatalogEntry) -> str:
    if entry.minimalistic:
        return tr("Built from plain parts only, for hardware that is slow at the newer ones.")
    named = {
        DEFAULT_ID: tr("A good balance of speed and accuracy. The usual choice, also for live video."),
        "mobilenet-v3-large-1.0-224": tr("The most accurate of the family, and still quick."),
        "mobilenet-v3-large-0.75-224": tr("A narrower V3 Large: a little quicker, a little less accurate."),
        "mobilenet-v3-small-1.0-224": tr("Small and very quick, with fair accuracy."),
        "mobilenet-v3-small-0.75-224": tr("A narrower V3 Small: quicker still, less accurate."),
        "mobilenet-v1-1.0-224": tr("The first MobileNet. Simple, and the best known."),
        "mobilenet-v4-small": tr("The newest generation, small: very quick, and right more often than V2."),
        "mobilenet-v4-medium": tr("Photos where being right matters; on most computers still quick enough for video."),
        "mobilenet-v4-large": tr("The most accurate of all, and the slowest: for photos, not for live video."),
    }
    if entry.family.startswith("lite"):
        return tr("Built of MobileNet V2's blocks, and right more often: each larger one more than the one before.")
    if entry.id in named:
        return named[entry.id]
    if entry.alpha > 1.0:
        return tr("A wider V2: more accurate, slower.")
    if entry.input_size < 160 or entry.alpha < 0.5:
        return tr("Tiny and very fast, for slow machines. Often wrong on fine differences.")
    return tr("A lighter variant: quicker and smaller, less accurate.")


def _v1(row: data.Figures) -> CatalogEntry:
    alpha_text = {0.25: "2_5", 0.5: "5_0", 0.75: "7_5", 1.0: "1_0"}[row.alpha]
    stem = f"mobilenet_{alpha_text}_{row.size}_tf"
    return _entry(
        "v1",
        row,
        data.V1_PARAMETERS[row.alpha],
        _file("v1", "mobilenet", f"{stem}.h5", data.V1_PARAMETERS[row.alpha], backbone=False),
        _file("v1", "mobilenet", f"{stem}_no_top.h5", data.V1_BACKBONE_PARAMETERS[row.alpha], backbone=True),
    )


def _v2(row: data.Figures) -> CatalogEntry:
    stem = f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{row.alpha}_{row.size}"
    return _entry(
        "v2",
        row,
        data.V2_PARAMETERS[row.alpha],
        _file("v2", "mobilenet_v2", f"{stem}.h5", data.V2_PARAMETERS[row.alpha], backbone=False),
        _file("v2", "mobilenet_v2", f"{stem}_no_top.h5", data.V2_BACKBONE_PARAMETERS[row.alpha], backbone=True),
    )


def _v3(row: data.V3Figures) -> CatalogEntry:
    family: Family = _family(row.family)
    size_word = "small" if "small" in family else "large"
    minimal = "_minimalistic" if family.endswith("minimalistic") else ""
    stem = f"weights_mobilenet_v3_{size_word}{minimal}_224_{row.alpha}_float"
    backbone_parameters = data.V3_BACKBONE_PARAMETERS[row.family, row.alpha]
    return _entry(
        family,
        data.Figures(row.alpha, 224, row.mega_macs, row.top1, None),
        row.parameters,
        _file(family, "mobilenet_v3", f"{stem}.h5", row.parameters, backbone=False, md5=row.md5),
        _file(family, "mobilenet_v3", f"{stem}_no_top_v2.h5", backbone_parameters, backbone=True, md5=row.backbone_md5),
    )


def _planned(row: data.PlannedFigures) -> CatalogEntry:
    family = _family(row.family)
    path = f"timm/{row.repository}/resolve/main/model.safetensors"
    weights = WeightsFile(f"{row.repository}.safetensors", path, row.file_bytes, None, False, HUB_BASE)
    lite = family.startswith("lite")
    return CatalogEntry(
        id=f"efficientnet-{family}" if lite else f"mobilenet-{family}",
        name=_FAMILY_NAMES[family],
        family=family,
        alpha=1.0,
        input_size=row.size,
        parameters=row.parameters,
        macs=row.mega_macs * 1_000_000,
        top1=round(row.top1 / 100, 4),
        top5=None if row.top5 is None else round(row.top5 / 100, 4),
        weights=weights,
        backbone=None,
        year=2020 if lite else 2024,
        source="Google" if lite else "timm",
        crop_fraction=row.crop,
        package=row.package,
    )


def _family(text: str) -> Family:
    for family in _FAMILY_NAMES:
        if family == text:
            return family
    raise KeyError(text)


def _file(
    family: Family, folder: str, name: str, parameters: int, *, backbone: bool, md5: str | None = None
) -> WeightsFile:
    overhead = data.HDF5_OVERHEAD[family.removesuffix("-minimalistic")]
    if family.endswith("minimalistic"):
        overhead = overhead * 2 // 3
    size = data.KNOWN_BYTES.get(name, 4 * parameters + overhead)
    return WeightsFile(name, f"{folder}/{name}", size, md5, backbone)


def _entry(
    family: Family, row: data.Figures, parameters: int, weights: WeightsFile, backbone: WeightsFile
) -> CatalogEntry:
    name = _FAMILY_NAMES[family]
    if row.alpha != 1.0:
        name += f" {row.alpha}"
    if row.size != 224:
        name += f", {row.size} px"
    return CatalogEntry(
        id=f"mobilenet-{family}-{row.alpha}-{row.size}",
        name=name,
        family=family,
        alpha=row.alpha,
        input_size=row.size,
        parameters=parameters,
        macs=row.mega_macs * 1_000_000,
        top1=round(row.top1 / 100, 4),
        top5=None if row.top5 is None else round(row.top5 / 100, 4),
        weights=weights,
        backbone=backbone,
        year=_YEARS.get(family, 2019),
    )


ENTRIES: Final[tuple[CatalogEntry, ...]] = (
    *(_planned(row) for row in data.PLANNED),
    *(_v3(row) for row in data.V3),
    *(_v2(row) for row in reversed(data.V2)),
    *(_v1(row) for row in reversed(data.V1)),
)
"""Every published model: V4, EfficientNet-Lite, V3, V2, V1, each from the most accurate down."""


@cache
def _by_id() -> dict[str, CatalogEntry]:
    return {entry.id: entry for entry in ENTRIES}


@cache
def _by_file_name() -> dict[str, tuple[CatalogEntry, WeightsFile]]:
    return {
        file.file_name.lower(): (entry, file) for entry in ENTRIES for file in (entry.weights, entry.backbone) if file
    }
