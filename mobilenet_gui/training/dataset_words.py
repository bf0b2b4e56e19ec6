"""Owns what the names of folders, columns and files say about a data set: its parts, its classes, what is no photo."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from mobilenet_gui.training.project_types import PhotoSplit, name_key


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PARTS: Final[tuple[PhotoSplit, ...]] = ("train", "validation", "test")
_WORDS_OF: Final[Mapping[PhotoSplit, str]] = {
    "train": "train training trn trainval "
    "trainieren entrainement apprentissage entrenamiento addestramento treino treinamento обучение 训练 訓練 학습 훈련",
    "validation": "val valid validation validate validating dev development "
    "validierung validacion validazione validacao валидация 验证 驗證 検証 검증",
    "test": "test tests testing tst eval evaluation evaluate holdout heldout unseen "
    "prufung essai prueba pruebas teste testes prova тест 测试 測試 テスト 평가 시험",
}
_PART_WORDS: Final[Mapping[str, PhotoSplit]] = {
    word: part for part, words in _WORDS_OF.items() for word in words.split()
}
_FILLERS: Final = _words(
    "set sets data dataset images image imgs img photos photo pictures pics folder dir files split part samples "
    "sample jpg jpeg jpegs jpegimages png class classes hold out held daten bilder datos donnees dati "
    "集 数据 數據 データ"
)
"""Words that say nothing beside that of a part: `train_images`, `Test Set`."""
_PHOTO_WORDS: Final = _words(
    "images image imgs img photos photo pictures pics pic jpegimages jpg jpeg jpegs png rgb raw original originals "
    "input inputs data bilder fotos"
)
_MARK_WORDS: Final = _words(
    "mask masks annotation annotations annots anns label labels labelids segmentation segmentations segmentationclass "
    "segmentationobject gt groundtruth truth bbox bboxes boxes xml xmls json jsons trimap trimaps metadata meta "
    "keypoints attributes imagesets depth heatmaps contours outlines polygons"
)
_INNER_WORDS: Final = _words(
    "left right front back side top bottom indoor indoors outdoor outdoors day night color colour grey gray small "
    "large cropped resized augmented aug batch session series burst take set part fold run camera cam day week"
)
"""Folders inside of a class, none of which is a class of its own; so are numbers and dates."""
_CAMERA_WORDS: Final = _words(
    "img image dsc dscn dscf imag photo pic picture p pxl mvimg screenshot screen dcim frame scan wp sam gopr gopro "
    "vid video untitled file foto bild capture snapshot webcam whatsapp signal telegram cimg kodak dji hpim pict sdc "
    "thumb sample test train val valid validation mask label jpeg jpg"
)
"""What stands before the number in names that cameras and programs give."""
_LEAST_OF_A_CLASS: Final = 2
_MOSTLY: Final = 0.9
_MOST_NAME_CLASSES: Final = 1000


def _plain(name: str) -> str:
    """Return a name in small letters without accents."""
    split = unicodedata.normalize("NFKD", name.strip()).casefold()
    return unicodedata.normalize("NFKC", "".join(c for c in split if not unicodedata.combining(c)))


def words_of(name: str) -> list[str]:
    """Return the words of a name, in small letters without accents; numbers at their ends are left off."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)  # TrainingSet
    words = (word.strip("0123456789") for word in re.split(r"[\W_]+", _plain(apart)))
    return [word for word in words if word]


def part_of(name: str) -> PhotoSplit:
    """Return the part of the data that a folder or a cell of that name stands for; empty for none."""
    told = words_of(name)
    whole, alone = _part_word("".join(told)), _telling(told)
    return whole or (_part_word(alone[0]) if len(alone) == 1 else "")


def _telling(words: Iterable[str]) -> list[str]:
    return [word for word in words if word not in _FILLERS]


def _part_word(word: str) -> PhotoSplit:
    """Return the part that a word names, alone or as people join words: `trainset`, `Trainingsdaten`, `训练集`."""
    for filler in ("", *_FILLERS):
        if word.endswith(filler):
            short = word.removesuffix(filler)
            found = _PART_WORDS.get(short) or _PART_WORDS.get(short.removesuffix("s"))
            if found:
                return found
    return ""


def parts_of(names: Sequence[str]) -> dict[str, PhotoSplit]:
    """Return those names that stand for parts, told by all of the names beside one another.

    `seg_train` and `seg_test` are parts, though “seg” is no word of ours: they differ in nothing but that.
    """
    found: dict[str, PhotoSplit] = {name: part for name in names if (part := part_of(name))}
    if "train" in found.values():
        return found
    rest: dict[tuple[str, ...], dict[str, PhotoSplit]] = {}
    for name in names:
        told = _telling(words_of(name))
        marks = [word for word in told if _part_word(word)]
        if len(marks) == 1 and marks[0] in (told[0], told[-1]):
            others = tuple(word for word in told if word not in marks)
            rest.setdefault(others, {})[name] = _part_word(marks[0])
    for alike in rest.values():
        if len(set(alike.values())) > 1 and "train" in alike.values():
            return alike
    return found


def is_of_photos(name: str) -> bool:
    """Say whether a folder's name only says that photos are in it."""
    told = words_of(name)
    return bool(told) and all(word in _PHOTO_WORDS or word in _FILLERS for word in told)


def is_of_marks(name: str) -> bool:
    """Say whether a folder's name says that masks, labels or other notes on photos are in it."""
    told = words_of(name)
    return bool(set(told) & _MARK_WORDS) and all(w in _MARK_WORDS | _PHOTO_WORDS | _FILLERS for w in told)


def stands_beside_photos(name: str, beside: Iterable[str]) -> bool:
    """Say whether a folder holds masks or the like of the photos in a folder beside it."""
    return is_of_marks(name) and any(is_of_photos(other) and other != name for other in beside)


def is_inner(name: str) -> bool:
    """Say whether a folder only parts the photos of one class: a number, a date, `session 2`, `left`."""
    return bool(part_of(name)) or all(word in _INNER_WORDS | _PHOTO_WORDS | _FILLERS for word in words_of(name))


def hold_the_same(inside: Mapping[str, Sequence[str]]) -> bool:
    """Say whether folders hold the same folders, so that they are parts and what is in them are the classes.

    Args:
        inside: the names of the folders in each, by its name.
    """
    # The numbers in “fold 1” and “fold 2” may be classes; those in “cat” and “dog” only part their photos.
    parts = all(map(is_inner, inside))
    keys = [{name_key(name) for name in names if parts or not is_inner(name)} for names in inside.values()]
    both, either = set.intersection(*keys), set.union(*keys)
    return len(either) > 1 and bool(both) and all(2 * len(each) >= len(either) for each in keys)


def classes_in_names(paths: Iterable[Path]) -> dict[Path, str]:
    """Return the class that each photo's name begins with (`cat.12.jpg`); none where names do not tell classes.

    They do where nearly all begin with a word before a number, and each of these, two at least, comes several times.
    """
    listed = list(paths)
    told = {path: name for path in listed if (name := _class_in_name(path.stem))}
    counts = Counter(name_key(name) for name in told.values())
    right = len(told) >= _MOSTLY * len(listed) and 2 <= len(counts) <= _MOST_NAME_CLASSES
    return told if right and min(counts.values()) >= _LEAST_OF_A_CLASS else {}


def _class_in_name(stem: str) -> str:
    synset = re.fullmatch(r"(n\d{8})[_-].*", stem)
    if synset:
        return synset[1]
    numbered = re.fullmatch(r"(\D*?)[\s._\-(]*\d+[\s._\-()\da-fA-F]*", stem)
    name = numbered[1].strip() if numbered else ""
    told = words_of(name)
    return name if told and not all(word in _CAMERA_WORDS for word in told) else ""
