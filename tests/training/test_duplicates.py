"""Copies are found however they are disguised, other pictures are left alone, and films are not thrown away."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from mobilenet_gui.core.errors import Cancelled
from mobilenet_gui.training.doctor_findings import PlainPhoto
from mobilenet_gui.training.duplicates import (
    DuplicateGroups,
    contents_of,
    copies_among,
    duplicate_groups,
    find_duplicates,
)
from mobilenet_gui.training.fingerprint import Fingerprint, content_hash, look_at
from mobilenet_gui.training.fingerprint_cache import FingerprintCache, fingerprints
from mobilenet_gui.training.likeness import candidate_pairs, shrink
from tests.training.disguises import COPIES, OTHERS, jpeg, picture, scaled, trimmed


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> list[Fingerprint]:
    """Thirty pictures that have nothing to do with each other."""
    folder = tmp_path_factory.mktemp("strangers")
    found = []
    for seed in range(30):
        path = folder / f"{seed}.jpg"
        path.write_bytes(jpeg(picture(seed)))
        found.append(look_at(path))
    return found


def seen(path: Path, image: Image.Image, quality: int = 90) -> Fingerprint:
    path.write_bytes(jpeg(image, quality))
    return look_at(path)


def test_strangers_are_no_copies(strangers: list[Fingerprint]) -> None:
    assert find_duplicates(strangers) == DuplicateGroups()


@pytest.mark.parametrize("name", COPIES)
def test_a_disguised_copy_is_found(tmp_path: Path, strangers: list[Fingerprint], name: str) -> None:
    copies = [seen(tmp_path / f"{seed}.jpg", COPIES[name](picture(seed)), 60) for seed in range(0, 30, 10)]
    groups = find_duplicates([*strangers, *copies])
    assert {frozenset(group) for group in groups.copies} == {frozenset((10 * n, 30 + n)) for n in range(3)}
    assert groups.identical == ()


@pytest.mark.parametrize("name", OTHERS)
def test_another_picture_is_no_copy(tmp_path: Path, strangers: list[Fingerprint], name: str) -> None:
    others = [seen(tmp_path / f"{seed}.jpg", OTHERS[name](picture(seed))) for seed in range(0, 30, 10)]
    assert find_duplicates([*strangers, *others]).copies == ()


@pytest.mark.parametrize("trim", [0.0, 0.04])
def test_a_mirrored_copy_stays_on_one_side_with_its_original(
    tmp_path: Path, strangers: list[Fingerprint], trim: float
) -> None:
    def mirrored(seed: int) -> Image.Image:
        return scaled(0.6)(trimmed(trim, trim, trim, trim)(ImageOps.mirror(picture(seed))))

    copies = [seen(tmp_path / f"{seed}.jpg", mirrored(seed), 60) for seed in range(0, 30, 10)]
    groups = find_duplicates([*strangers, *copies])
    assert groups.copies == ()
    assert set(groups.alike) == {(10 * n, 30 + n) for n in range(3)}


def test_the_same_frame_around_two_pictures_does_not_make_them_one(tmp_path: Path) -> None:
    def framed(seed: int) -> Image.Image:
        frame = Image.new("RGB", (400, 300), (10, 10, 10))
        frame.paste((250, 250, 250), (12, 12, 388, 288))
        frame.paste(picture(seed, 360, 260), (20, 20))
        return frame

    found = find_duplicates([seen(tmp_path / f"{seed}.jpg", framed(seed)) for seed in range(6)])
    assert found.copies == found.alike == ()


def test_identical_files_and_the_best_first(tmp_path: Path) -> None:
    image = picture(1, 640, 480)
    files = [
        seen(tmp_path / "small.jpg", image.resize((320, 240))),
        seen(tmp_path / "large.jpg", image),
        seen(tmp_path / "large again.jpg", image),
        seen(tmp_path / "other.jpg", picture(2)),
    ]
    found = find_duplicates(files)
    assert found.identical == ((1, 2),)
    assert found.copies == ((1, 2, 0),)
    assert found.alike == ((0, 1, 2),)


def test_photos_that_are_their_own_mirror_image_leave_nothing_to_compare(tmp_path: Path) -> None:
    half = picture(3)
    even = Image.blend(half, ImageOps.mirror(half), 0.5)
    photos = [seen(tmp_path / f"{quality}.jpg", even, quality) for quality in (70, 95)]
    shares: list[float | None] = []
    found = find_duplicates(photos, check=shares.append)
    assert [set(group) for group in found.copies] == [{0, 1}]
    assert all(share is None or 0 <= share <= 1 for share in shares)


def test_unreadable_photos_belong_to_none() -> None:
    broken = Fingerprint(error="The file is damaged.")
    assert find_duplicates([broken, broken, broken]) == DuplicateGroups()
    assert find_duplicates([]) == DuplicateGroups()


def test_photos_of_other_colours_are_not_the_same(tmp_path: Path) -> None:
    image = np.asarray(picture(1)).astype(np.int16)
    grey = image.mean(axis=2, keepdims=True)
    tints = [np.clip(grey * 0.6 + np.array(tint), 0, 255).astype(np.uint8) for tint in ((90, 0, 0), (0, 0, 90))]
    found = find_duplicates([seen(tmp_path / f"{n}.jpg", Image.fromarray(tint)) for n, tint in enumerate(tints)])
    assert found.copies == ()


def test_a_film_is_one_series_but_not_one_photo(tmp_path: Path, strangers: list[Fingerprint]) -> None:
    # The camera moves across a wide picture: each frame is nearly the one before, the last shows other things.
    wide = picture(3, 1080, 270)
    frames = [wide.crop((24 * n, 0, 24 * n + 360, 270)) for n in range(30)]
    film = [seen(tmp_path / f"{n:02}.jpg", frame) for n, frame in enumerate(frames)]
    found = find_duplicates([*film, *strangers, *strangers_more(tmp_path)])
    assert found.alike == (tuple(range(30)),)
    assert all(len(group) < 12 for group in found.copies)
    assert sum(len(group) - 1 for group in found.copies) <= 27


def strangers_more(folder: Path) -> list[Fingerprint]:
    return [seen(folder / f"more {seed}.jpg", picture(100 + seed)) for seed in range(40)]


def test_a_series_is_of_one_class(tmp_path: Path, strangers: list[Fingerprint]) -> None:
    copies = [seen(tmp_path / f"{n}.jpg", picture(0), 60 + 10 * n) for n in range(3)]
    found = find_duplicates([*strangers, *copies], ["ants"] * 31 + ["bees"] * 2)
    assert found.alike == ((0, 30), (31, 32))
    assert set(found.copies[0]) == {0, 30, 31, 32}
    same = [strangers[0], strangers[0], strangers[1]]
    assert find_duplicates(same, ["ants", "bees", "ants"]).alike == ()


def chart(seed: int) -> Image.Image:
    """One layout, other data."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (320, 240), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((4, 4, 315, 235), outline="black", width=3)
    for n in range(5):
        draw.line((30, 40 + 40 * n, 300, 40 + 40 * n), fill="grey")
        draw.text((10, 36 + 40 * n), str(100 - 20 * n), fill="black")
    for n in range(6):
        draw.rectangle((45 + 42 * n, 220 - int(rng.integers(20, 180)), 72 + 42 * n, 220), fill="navy")
    return image


def test_charts_of_one_layout_are_no_copies_of_each_other(tmp_path: Path) -> None:
    charts = [seen(tmp_path / f"{n}.jpg", chart(n)) for n in range(60)]
    again = seen(tmp_path / "again.jpg", chart(7).resize((240, 180)), 50)
    found = find_duplicates([*charts, again], ["bars"] * 61)
    assert found.uniform == {"bars"}
    assert (7, 60) in found.alike
    assert len(found.alike) <= 3
    assert max(map(len, (*found.alike, *found.copies))) <= 3


def pie(angle: float) -> Image.Image:
    """One chart, whose first edge lies at an angle."""
    image = Image.new("RGB", (320, 240), "white")
    draw = ImageDraw.Draw(image)
    draw.text((110, 8), "Turnover by quarter", fill="black")
    for begin, end, colour in (
        (angle, 95, "navy"),
        (95, 180, "orange"),
        (180, 270, "green"),
        (270, 360 + angle, "red"),
    ):
        draw.pieslice((85, 45, 235, 195), begin, end, fill=colour, outline="white")
    return image


def test_charts_that_differ_by_a_few_degrees_are_told_by_their_colours(tmp_path: Path) -> None:
    charts = [seen(tmp_path / f"{n}.jpg", chart(n)) for n in range(60)]
    pies = [seen(tmp_path / f"pie{angle}.jpg", pie(angle)) for angle in (30, 34)]
    again = seen(tmp_path / "again.jpg", pie(30).resize((240, 180)), 50)
    found = find_duplicates([*charts, *pies, again], ["charts"] * 63)
    assert found.uniform == {"charts"}
    assert [group for group in found.copies if 60 in group or 61 in group] == [(60, 62)]


def test_plain_photos_are_left_alone(tmp_path: Path) -> None:
    photos = [seen(tmp_path / f"{n}.jpg", Image.new("RGB", (200, 150), (10 * n, 100, 50))) for n in range(20)]
    assert find_duplicates(photos).copies == ()


def test_thousands_that_all_look_the_same_are_no_trap(tmp_path: Path) -> None:
    one = look_at_bytes(tmp_path, jpeg(picture(1)))
    rng = np.random.default_rng(0)
    assert one.grey is not None
    many = np.clip(one.grey.astype(np.int16) + rng.integers(-3, 4, (1500, 64, 64)), 0, 255).astype(np.uint8)
    pairs, apart = candidate_pairs(shrink(many))
    # Each meets some others, never all million.
    assert 1500 < len(pairs) < 600_000
    assert (pairs[:, 0] < pairs[:, 1]).all()
    assert (np.diff(apart) >= 0).all()


def look_at_bytes(folder: Path, content: bytes) -> Fingerprint:
    path = folder / "one.jpg"
    path.write_bytes(content)
    return look_at(path)


def test_groups_for_the_split_need_no_photo(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.jpg" for n in range(4)]
    for path, image in zip(
        paths, (picture(1), picture(2), trimmed(0, 0.05, 0, 0)(picture(1)), picture(4)), strict=True
    ):
        path.write_bytes(jpeg(image))
    photos = [PlainPhoto(f"p{n}", path, "class") for n, path in enumerate(paths)]
    cache_path = tmp_path / "cache.sqlite"
    assert duplicate_groups(photos, cache_path).groups == {}
    looked = duplicate_groups(photos, tmp_path / "other.sqlite", look=True)
    assert looked.groups == {"p0": "alike-p0", "p2": "alike-p0"}
    assert looked.contents == {photo.id: content_hash(photo.path) for photo in photos}
    assert looked.contents == contents_of(photos).contents
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        duplicate_groups(photos, cache_path, look=True, cancel=stop)
    with FingerprintCache(cache_path) as cache:
        fingerprints(paths, cache)
    assert duplicate_groups(photos, cache_path).groups == {"p0": "alike-p0", "p2": "alike-p0"}
    paths[2].unlink()
    assert duplicate_groups(photos, cache_path).groups == {}


def test_a_new_photo_that_is_a_copy_is_found_whatever_its_class(tmp_path: Path) -> None:
    old = []
    for n in range(12):
        path = tmp_path / f"{n}.jpg"
        path.write_bytes(jpeg(picture(n)))
        old.append(PlainPhoto(str(n), path, "ants"))
    new = []
    for name, image in (("copy", scaled(0.6)(picture(5))), ("other", picture(40))):
        path = tmp_path / f"{name}.jpg"
        path.write_bytes(jpeg(image, 70))
        new.append(PlainPhoto(name, path, "bees"))
    with FingerprintCache(tmp_path / "cache.sqlite") as cache:
        assert copies_among(new, old, cache) == {"copy": "5"}
        assert copies_among([], old, cache) == copies_among(new, [], cache) == {}
