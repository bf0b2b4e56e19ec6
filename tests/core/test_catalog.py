"""The catalogue: complete, consistent, findable; and true against Keras itself."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from mobilenet_gui.core import catalog
from mobilenet_gui.core.store_files import is_valid_id


def test_it_lists_every_official_model_once() -> None:
    ids = {entry.id for entry in catalog.ENTRIES}
    expected = {f"mobilenet-v1-{a}-{s}" for a in (0.25, 0.5, 0.75, 1.0) for s in (128, 160, 192, 224)}
    expected |= {f"mobilenet-v2-{a}-{s}" for a in (0.35, 0.5, 0.75, 1.0) for s in (96, 128, 160, 192, 224)}
    expected |= {f"mobilenet-v2-{a}-224" for a in (1.3, 1.4)}
    expected |= {f"mobilenet-v3-{k}-{a}-224" for k in ("small", "large") for a in (0.75, 1.0)}
    expected |= {f"mobilenet-v3-{k}-minimalistic-1.0-224" for k in ("small", "large")}
    expected |= {f"mobilenet-v4-{k}" for k in ("small", "medium", "large")}
    expected |= {f"efficientnet-lite{n}" for n in range(5)}
    assert ids == expected
    assert len(catalog.ENTRIES) == len(expected)
    assert all(is_valid_id(i) for i in ids)


def test_names_and_files_are_unique() -> None:
    for values in (
        [e.name for e in catalog.ENTRIES],
        [f.url_path for e in catalog.ENTRIES for f in (e.weights, e.backbone) if f],
    ):
        assert len(set(values)) == len(values)


def test_the_newcomers_model() -> None:
    entry = catalog.by_id(catalog.DEFAULT_ID)
    assert entry is not None
    assert (entry.name, entry.year, entry.classes, entry.licence) == ("MobileNet V2", 2018, 1000, "Apache-2.0")
    assert (entry.parameters, entry.macs, entry.top1, entry.top5) == (3_538_984, 300_000_000, 0.718, 0.91)
    assert entry.download_bytes == 14_536_120
    assert entry.url_path == "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5"
    assert entry.preprocessing.normalization == "minus1_1"
    assert entry.preprocessing.size == 224
    assert entry.preprocessing.crop_fraction == 0.875


def test_v3_scales_the_pixels_itself_and_has_published_sums() -> None:
    entry = catalog.by_id("mobilenet-v3-large-minimalistic-1.0-224")
    assert entry is not None
    assert entry.minimalistic
    assert entry.preprocessing.normalization == "zero_255"
    assert entry.md5 == "675e7b876c45c57e9e63e6d90a36599c"
    assert entry.backbone is not None
    assert entry.backbone.md5 == "ec5221f64a2f6d1ef965a614bdae7973"
    assert entry.top5 is None


@pytest.mark.parametrize("entry", catalog.ENTRIES, ids=lambda e: e.id)
def test_each_entry_makes_sense(entry: catalog.CatalogEntry) -> None:
    assert entry.top1 is not None
    assert 0.4 < entry.top1 < 0.83
    assert entry.top5 is None or entry.top1 < entry.top5 < 0.97
    assert entry.description.endswith(".")
    assert 1.0 < entry.download_bytes / (4 * entry.parameters) < 1.3
    assert not entry.weights.backbone
    if entry.backbone is None:
        return
    assert entry.backbone.backbone
    assert "no_top" in entry.backbone.file_name
    assert entry.backbone.download_bytes <= entry.download_bytes


def test_a_file_is_recognised_by_its_name() -> None:
    found = catalog.find_by_file_name("mobilenet_7_5_192_tf.h5")
    assert found is not None
    assert found[0].id == "mobilenet-v1-0.75-192"
    assert not found[1].backbone
    again = catalog.find_by_file_name("Mobilenet_7_5_192_tf_no_top (2).h5")
    assert again is not None
    assert again[1].backbone
    assert catalog.find_by_file_name("cats.h5") is None
    assert catalog.find_by_file_name("") is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("mobilenet-v2", "mobilenet-v2-1.0-224"),
        ("MobileNet_V2_1.0_224", "mobilenet-v2-1.0-224"),
        ("mobilenet-v3-smal-1.0-224", "mobilenet-v3-small-1.0-224"),
        ("v1-0.25", "mobilenet-v1-0.25-224"),
    ],
)
def test_mistyped_ids_have_a_suggestion(typed: str, meant: str) -> None:
    assert meant in catalog.close_ids(typed)


def test_nothing_resembles_nothing() -> None:
    assert catalog.close_ids("resnet") == []
    assert catalog.close_ids("") == []


_COUNT = """
import json, os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
from keras import applications, backend
from keras.src.applications import mobilenet, mobilenet_v2, mobilenet_v3
out = {}
makers = {"v1": applications.MobileNet, "v2": applications.MobileNetV2,
          "v3-small": applications.MobileNetV3Small, "v3-large": applications.MobileNetV3Large}
def build(family, alpha, size, top):
    more = {"minimalistic": family.endswith("minimalistic")} if family.startswith("v3") else {}
    maker = makers[family.removesuffix("-minimalistic")]
    count = maker(input_shape=(size, size, 3), alpha=alpha, weights=None, include_top=top, **more).count_params()
    backend.clear_session()
    return count
seen = {}
for family, alpha, size in json.loads(input()):
    # The input's size changes no weight, so one size a width is enough.
    if (family, alpha) not in seen:
        seen[family, alpha] = [build(family, alpha, size, True), build(family, alpha, size, False)]
    out[f"{family} {alpha} {size}"] = seen[family, alpha]
out["hashes"] = mobilenet_v3.WEIGHTS_HASHES
out["bases"] = [m.BASE_WEIGHT_PATH for m in (mobilenet, mobilenet_v2, mobilenet_v3)]
print(json.dumps(out))
"""


@pytest.mark.keras
def test_parameters_sums_and_addresses_are_those_of_keras() -> None:
    from mobilenet_gui.core import catalog_data as data

    entries = [entry for entry in catalog.ENTRIES if entry.backbone is not None]  # Keras lacks the others
    asked = json.dumps([(e.family, e.alpha, e.input_size) for e in entries])
    run = subprocess.run([sys.executable, "-c", _COUNT], input=asked, capture_output=True, text=True, check=True)
    told = json.loads(run.stdout.splitlines()[-1])
    backbones = {("v1", a): n for a, n in data.V1_BACKBONE_PARAMETERS.items()}
    backbones |= {("v2", a): n for a, n in data.V2_BACKBONE_PARAMETERS.items()}
    backbones |= dict(data.V3_BACKBONE_PARAMETERS)
    for entry in entries:
        assert entry.backbone is not None
        counted = told[f"{entry.family} {entry.alpha} {entry.input_size}"]
        assert counted == [entry.parameters, backbones[entry.family, entry.alpha]], entry.id
        assert f"{catalog.OFFICIAL_BASE}/{entry.url_path.split('/')[0]}/" in told["bases"]
        if entry.family.startswith("v3"):
            key = entry.file_name.removeprefix("weights_mobilenet_v3_").removesuffix(".h5")
            assert told["hashes"][key] == [entry.md5, entry.backbone.md5]
