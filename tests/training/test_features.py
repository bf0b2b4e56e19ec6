"""Features are computed once a photo and kept; a changed photo is computed anew, a broken cache thrown away."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import Cancelled, StorageError
from mobilenet_gui.training import feature_store
from mobilenet_gui.training.feature_store import FeatureStore, SeenFile, forget_all
from mobilenet_gui.training.features import Features, Shot, collect
from mobilenet_gui.training.views import SPOILT, View, shown
from tests.model_factory import make_bundle
from tests.training.painted import paint


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return make_bundle(tmp_path / "tiny")


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "photos"
    folder.mkdir()
    paths = [folder / f"{n}.png" for n in range(6)]
    for n, path in enumerate(paths):
        Image.fromarray(paint("stripes", n)).save(path)
    return paths


def seen(photos: list[Path], bundle: Bundle, cache: Path, view: View = "plain", key: str = "k") -> Features:
    with FeatureStore(cache) as store:
        return collect([Shot(path, view) for path in photos], bundle, store, key, threads=2)


def test_photos_are_seen_once(photos: list[Path], bundle: Bundle, tmp_path: Path) -> None:
    first = seen(photos, bundle, tmp_path / "cache")
    again = seen(photos, bundle, tmp_path / "cache")
    assert (first.computed, again.computed) == (6, 0)
    assert first.values.shape == (6, 8)
    assert np.array_equal(first.values, again.values)
    assert len(np.unique(first.values, axis=0)) == 6


def test_changing_one_photo_computes_one(photos: list[Path], bundle: Bundle, tmp_path: Path) -> None:
    first = seen(photos, bundle, tmp_path / "cache")
    Image.fromarray(paint("red", 99)).save(photos[2])
    again = seen(photos, bundle, tmp_path / "cache")
    assert again.computed == 1
    same = [n for n in range(6) if np.array_equal(first.values[n], again.values[n])]
    assert same == [0, 1, 3, 4, 5]


def test_another_network_view_or_content_is_not_mistaken(photos: list[Path], bundle: Bundle, tmp_path: Path) -> None:
    seen(photos, bundle, tmp_path / "cache")
    assert seen(photos, bundle, tmp_path / "cache", key="other").computed == 6
    assert seen(photos, bundle, tmp_path / "cache", "noise").computed == 6
    assert seen(photos[::-1], bundle, tmp_path / "cache").computed == 0


def test_photos_that_are_gone_or_broken_are_told_not_fatal(photos: list[Path], bundle: Bundle, tmp_path: Path) -> None:
    photos[1].unlink()
    photos[4].write_bytes(b"not a photo at all")
    found = seen(photos, bundle, tmp_path / "cache")
    assert sorted(found.failed) == [1, 4]
    assert str(photos[1]) in found.failed[1].subject
    assert not found.values[1].any()
    assert found.values[0].any()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_not_waited_for(photos: list[Path], bundle: Bundle, tmp_path: Path) -> None:
    photos[2].unlink()
    os.mkfifo(photos[2])
    assert sorted(seen(photos, bundle, tmp_path / "cache").failed) == [2]


def test_stopping_keeps_what_is_done(photos: list[Path], bundle: Bundle, tmp_path: Path) -> None:
    def stop(fraction: float) -> None:
        if fraction > 0.4:
            raise Cancelled

    with FeatureStore(tmp_path / "cache") as store, pytest.raises(Cancelled):
        collect([Shot(path) for path in photos], bundle, store, "k", threads=1, progress=stop)
    assert 0 < seen(photos, bundle, tmp_path / "cache").computed < 6


@pytest.mark.parametrize("damage", ["rubbish", "version", "folder"])
def test_a_cache_that_cannot_be_used_is_only_slower(
    photos: list[Path], bundle: Bundle, tmp_path: Path, damage: str
) -> None:
    place = tmp_path / "cache" / "features.sqlite3"
    if damage == "folder":
        place.mkdir(parents=True)
    else:
        seen(photos[:1], bundle, tmp_path / "cache")
        if damage == "rubbish":
            place.write_bytes(b"rubbish" * 1000)
        else:
            db = sqlite3.connect(place)
            db.execute("PRAGMA user_version = 99")
            db.close()
    assert seen(photos, bundle, tmp_path / "cache").computed == 6
    assert seen(photos, bundle, tmp_path / "cache").computed == (6 if damage == "folder" else 0)


def test_networks_not_used_for_longest_are_forgotten_first(
    photos: list[Path], bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen(photos, bundle, tmp_path / "cache", key="old")
    with FeatureStore(tmp_path / "cache") as store:
        collect([Shot(path) for path in photos], bundle, store, "new")
        rows = store._db.execute("SELECT count(*) FROM features").fetchone()[0]
        assert rows == 12
        sizes = iter([2 << 30, 0])
        monkeypatch.setattr(feature_store, "MAX_BYTES", 1 << 30)
        monkeypatch.setattr(FeatureStore, "_used_bytes", lambda _self: next(sizes))
    monkeypatch.undo()
    assert seen(photos, bundle, tmp_path / "cache", key="new").computed == 0
    assert seen(photos, bundle, tmp_path / "cache", key="old").computed == 6


def test_two_programs_may_use_the_cache_at_once(photos: list[Path], bundle: Bundle, tmp_path: Path) -> None:
    with FeatureStore(tmp_path / "cache") as one, FeatureStore(tmp_path / "cache") as two:
        assert collect([Shot(p) for p in photos[:3]], bundle, one, "k").computed == 3
        assert collect([Shot(p) for p in photos], bundle, two, "k").computed == 3


def test_emptying_gives_the_room_back_and_disturbs_nobody(
    photos: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert forget_all(tmp_path / "nowhere") == 0
    place = tmp_path / "features"
    vector, seen = np.ones(200_000, np.float32), SeenFile.look(photos[0])
    with FeatureStore(place) as training:
        training.keep("network", [(seen, b"1" * 16, vector)])
        assert forget_all(place) > 300_000
        assert training.load("network", [b"1" * 16]) == {}
        training.keep("network", [(seen, b"2" * 16, vector)])
    with FeatureStore(place) as later:
        assert list(later.load("network", [b"2" * 16])) == [b"2" * 16], "kept under the same number"
    monkeypatch.setattr(feature_store, "_BUSY_SECONDS", 0.05)
    holder = sqlite3.connect(place / "features.sqlite3", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="in use by a training"):
        forget_all(place)
    holder.close()
    (place / "features.sqlite3").write_bytes(b"no database" * 1000)
    assert forget_all(place) > 10_000


def test_spoilt_views_differ_from_the_photo_and_are_always_the_same() -> None:
    pixels = paint("stripes", 5, 64)
    for view in SPOILT:
        spoilt = shown(pixels, view, b"0123456789abcdef")
        assert spoilt.shape == pixels.shape
        assert spoilt.dtype == np.uint8
        assert not np.array_equal(spoilt, pixels)
        assert np.array_equal(spoilt, shown(pixels, view, b"0123456789abcdef"))
    assert not np.array_equal(shown(pixels, "patches", b"a" * 16), shown(pixels, "patches", b"b" * 16))
