"""What the models page lists and how it writes numbers, without a window."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from mobilenet_gui.core import catalog
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import DownloadError, ModelError, StorageError
from mobilenet_gui.core.manifest import Metrics
from mobilenet_gui.core.speed import Speed
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.models import words
from mobilenet_gui.ui.models.columns import columns_for
from mobilenet_gui.ui.models.facts import description, figures, origin, where
from mobilenet_gui.ui.models.items import LIVE_MILLISECONDS, Shelf, build_shelf, plot_items
from mobilenet_gui.ui.models.task_words import failure_text, task_text
from mobilenet_gui.workers.model_state import TaskState
from tests.bundles import make_bundle as make_form
from tests.model_factory import make_bundle

V2 = "mobilenet-v2-1.0-224"


def plain(text: str) -> str:
    return text.replace(words.NBSP, " ").replace("\u202f", " ")


@pytest.fixture
def mine(tmp_path: Path) -> Bundle:
    return make_bundle(tmp_path / "pets", bundle_id="pets", name="Pets")


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 kB"), (10, "1 kB"), (99_400, "99 kB"), (13_612_000, "13.6 MB"), (2_100_000_000, "2.1 GB")],
)
def test_sizes(count: int, text: str) -> None:
    assert plain(words.megabytes(count)) == text


def test_times_and_estimates() -> None:
    assert plain(words.milliseconds(6.43)) == "6.4 ms"
    assert plain(words.milliseconds(8.2, estimated=True)) == "about 8 ms"
    assert plain(words.milliseconds(0.93, estimated=True)) == "about 0.9 ms"
    assert words.milliseconds(None) == words.NOTHING


def test_downloads_in_words() -> None:
    assert plain(words.download_text(13_600_000, 21_900_000, 3.4)) == "13.6 of 21.9 MB, 4 s left"
    assert plain(words.download_text(13_600_000, 21_900_000)) == "13.6 of 21.9 MB"
    assert plain(words.download_text(13_600_000, None)) == "13.6 MB"
    assert [plain(words.duration(s)) for s in (0, 59.2, 61, 7000)] == ["1 s", "60 s", "2 min", "2 h"]


def test_days() -> None:
    moment = datetime(2026, 5, 3, 12, tzinfo=UTC).isoformat()
    assert words.day(moment, date(2026, 5, 3)) == "Today"
    assert words.day(moment, date(2026, 5, 4)) == "Yesterday"
    assert words.day(moment, date(2026, 6, 1)) == "3 May 2026"
    assert words.day("some time") == "some time"


def test_a_newcomer_sees_what_nothing_else_beats() -> None:
    shelf = build_shelf([], active_id=None, speeds={})
    assert len(shelf.official) == len(catalog.ENTRIES)
    assert all(item.milliseconds is None for item in shelf.official)
    best = shelf.best()  # without a speed, by their work
    assert [item.id for item in best[:2]] == ["mobilenet-v4-large", "efficientnet-lite4"]
    for item in best:
        better = [
            o for o in shelf.official if (o.macs or 0) <= (item.macs or 0) and (o.correct or 0) > (item.correct or 0)
        ]
        assert better == []


def test_the_best_keep_up_with_live_video_and_are_not_beaten_by_what_is_here(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / V2, bundle_id=V2, name="MobileNet V2")
    manifest = replace(bundle.manifest, classes=1000, family="v2", macs=300_000_000, metrics=Metrics(top1=0.718))
    shelf = build_shelf([Bundle(bundle.folder, manifest, bundle.labels)], active_id=V2, speeds={V2: 9.0})
    best = shelf.best()
    assert best[0].id == "mobilenet-v4-medium"  # at 32 ms; Lite3 would take 41
    assert all((item.milliseconds or 0) <= LIVE_MILLISECONDS for item in best)
    assert V2 not in {item.id for item in best}
    assert [item.correct for item in best] == sorted((item.correct for item in best), key=lambda c: -(c or 0))
    perfect = replace(manifest, macs=1, metrics=Metrics(top1=0.99))
    assert build_shelf([Bundle(bundle.folder, perfect, bundle.labels)], active_id=V2, speeds={V2: 0.1}).best() == ()


def test_installed_models_leave_the_official_list_and_the_active_one_is_first(tmp_path: Path) -> None:
    bundles = [make_bundle(tmp_path / i, bundle_id=i, name=n) for i, n in (("a", "Alpha"), (V2, "MobileNet V2"))]
    shelf = build_shelf(bundles, active_id=V2, speeds={V2: 6.0})
    assert [item.id for item in shelf.installed] == [V2, "a"]
    assert shelf.find(V2) is not None
    assert V2 not in {item.id for item in shelf.official}
    assert V2 not in {item.id for item in shelf.best()}


def test_estimates_scale_with_the_work_and_are_marked(tmp_path: Path) -> None:
    from dataclasses import replace

    bundle = make_bundle(tmp_path / V2, bundle_id=V2, name="MobileNet V2")
    entry = catalog.by_id(V2)
    assert entry is not None
    bundle = Bundle(bundle.folder, replace(bundle.manifest, family="v2", macs=entry.macs), bundle.labels)
    shelf = build_shelf([bundle], active_id=V2, speeds={V2: 6.0})
    wide = shelf.find("mobilenet-v2-1.4-224")
    assert wide is not None
    assert wide.macs is not None
    assert entry.macs is not None
    assert wide.estimated
    assert wide.milliseconds == pytest.approx(6.0 * wide.macs / entry.macs)
    mine = shelf.find(V2)
    assert mine is not None
    assert not mine.estimated
    dots = {item.id for item in plot_items(shelf, "mobilenet-v1-0.5-160")}
    assert "mobilenet-v1-0.5-160" in dots
    assert "mobilenet-v1-0.25-128" not in dots


def test_ones_own_model_says_how_it_did_in_its_test_but_is_no_dot_among_the_published(mine: Bundle) -> None:
    tested = replace(mine.manifest, metrics=Metrics(accuracy=0.9673, test_photos=153))
    item = build_shelf([Bundle(mine.folder, tested, mine.labels)], active_id=None, speeds={"pets": 5.0}).installed[0]
    assert plain(words.correct(item.correct)) == "96.7 %"
    assert plain({f.name: f.value for f in figures(item, None, 0)}["Correct"]) == "96.7 % of 153 photos"
    assert "pets" not in {i.id for i in plot_items(Shelf((item,), ()), "pets")}
    untested = build_shelf([mine], active_id=None, speeds={}).installed[0]
    assert untested.correct is None
    assert "Correct" not in {f.name for f in figures(untested, None, 0)}


def test_searching_looks_at_every_word() -> None:
    shelf = build_shelf([], active_id=None, speeds={})
    found = [item for item in shelf.official if item.matches("v1 0.25 128")]
    assert [item.id for item in found] == ["mobilenet-v1-0.25-128"]


def test_facts_of_an_official_and_of_an_own_model(mine: Bundle) -> None:
    shelf = build_shelf([mine], active_id=None, speeds={"pets": 5.0})
    item = shelf.installed[0]
    speed = Speed(5, 4, datetime.now(UTC).isoformat(), "")
    own = {f.name: f for f in (*figures(item, speed, 1_200_000), *origin(item))}
    assert where(item) == ("On this computer", "32 × 32 pixels")
    assert own["From"].value == "tiny.tflite"
    assert plain(own["Size"].value).startswith("1.2 MB")
    assert plain(own["Time here"].value) == "5.0 ms"
    assert "Today, 4 threads" in own["Time here"].help
    small = shelf.find("mobilenet-v3-small-1.0-224")
    assert small is not None
    official = {f.name: f for f in (*figures(small, None, 0), *origin(small))}
    assert where(small) == ("Not yet on this computer", "224 × 224")
    assert official["Checksum"].value == "Checked on arrival"
    assert official["Licence"].value == "Apache 2.0"
    assert "Google" in official["Made by"].value
    assert "Time here" not in official, "nothing was measured that it could be estimated from"
    assert "Size" not in official


def test_a_model_taught_here_names_what_it_was_taught_from(mine: Bundle) -> None:
    def taught_from(source: str) -> str:
        manifest = replace(mine.manifest, provenance=replace(mine.manifest.provenance, file_name=source))
        base = replace(mine.manifest, id="starter", name="Starter model")
        models = [Bundle(mine.folder, one, mine.labels) for one in (manifest, base)]
        shelf = build_shelf(models, active_id=None, speeds={})
        item = shelf.find("pets")
        assert item is not None
        assert {f.name: f.value for f in origin(item)}["From"] == item.origin
        return item.subtitle

    assert taught_from("starter") == "Yours, from Starter model"
    assert taught_from(V2) == "Yours, from MobileNet V2", "also where that is no longer here"
    assert taught_from("pets.tflite") == "Yours, from pets.tflite"


def test_a_backbone_says_what_it_is_good_for(tmp_path: Path) -> None:
    bundle = make_form(tmp_path / "b", "cats", backbone=True)
    item = build_shelf([bundle], active_id=None, speeds={}).installed[0]
    assert item.backbone
    assert "fine-tuning only" in description(item)
    assert item.milliseconds is None


def test_what_stopped_is_said_with_its_reason() -> None:
    silent = DownloadError("MobileNet V2", "The server fell silent.", resumable=True)
    state = TaskState(V2, "download", "failed", "", 62, 100, error=silent)
    text, offer, tone = failure_text("MobileNet V2", state)
    assert plain(text) == "The download of MobileNet V2 stopped at 62 %. The server fell silent."
    assert (offer, tone) == ("resume", "bad")
    full = StorageError("/x", "The disk is full: 22.0 MB are needed and 9.0 MB are free.")
    text, offer, tone = failure_text("MobileNet V2", TaskState(V2, "download", "failed", error=full))
    assert "22.0 MB are needed and 9.0 MB are free" in text
    assert (offer, tone) == ("retry", "warn")
    bad = ModelError("x.h5", "The file is damaged.")
    text, offer, _ = failure_text("x.h5", TaskState("x", "import", "failed", error=bad))
    assert text == "x.h5 was not imported. The file is damaged."
    assert offer == ""


def test_what_is_under_way_is_said() -> None:
    assert task_text(TaskState(V2, "download", "downloading")) == "Connecting…"
    assert plain(task_text(TaskState(V2, "download", "paused", "", 620_000, 1_000_000))) == "0.6 of 1.0 MB, paused"
    assert task_text(TaskState(V2, "download", "preparing")) == "Preparing for this computer…"


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("width", [320, 420, 480, 560, 640, 760, 1000, 1600])
def test_columns_never_overlap(qapp: object, width: int, scale: float) -> None:
    fonts.set_scale(scale)
    try:
        columns = columns_for(width)
    finally:
        fonts.set_scale(None)
    lefts = [*columns.cells.values(), columns.action_left]
    assert 0 < columns.name_left < columns.name_right <= lefts[0]
    assert all(b - a >= columns.cell_width for a, b in pairwise(lefts[:-1]))
    assert not columns.cells or columns.action_left - lefts[-2] >= 90 * scale
    assert columns.action_left < width
    if scale == 1:
        assert columns.name_right - columns.name_left >= 100
    if width >= 760 * scale:
        assert list(columns.cells) == ["classes", "correct", "size", "speed"]
        assert not columns.compact
