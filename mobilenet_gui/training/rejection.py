"""Owns "none of these": what stands for it while the classes are learnt, and how readily it is answered.

A class for everything else needs examples of everything else, which nobody has. Three things stand for it: the user's
own photos of it, if any; spoilt views of the other photos (`views`); and shuffled features. These are the features of
a photo, dealt out to the channels anew: as strong as a photo's, but of things that hardly ever occur together in the
classes, which is how photos of something else look from here. Spoilt views alone told blurred and empty pictures, but
took three of four sharp photos of other things for one of the classes.

The classes among themselves are told apart by a layer of their own that knows nothing of it, so that it costs none of
their accuracy (`joined`); and how readily it is answered is set by photos that were held out: not more than
`MOST_REJECTED` of the classes' own.

It goes together with telling strangers (`core.strangers`), which needs no such class and is always there: "none of
these" is an answer with a percentage, learnt from what stands for it; a stranger is a photo of which any answer means
little, "none of these" among them, and may be called both. Photos of "none of these" are not what the model was shown.

Measured with ants and bees, Fast, two seeds (`benchmarks/fine_tune_reject.py`): of 48 photos of other things, V2
1.0/224 took 49 % for an ant or a bee, 10 % surely, and V1 0.75/192 24 and 14 %; without "none of these", by the limit
of "not sure" alone, 82 and 80 % surely. Of small pictures of other things 15 and 10 %, of other insects 58 and 54 %.
It cost both 0.7 % of the classes' own photos; with the starter model it cost 2.6 %, and 62 % of the 48 passed, 12 %
surely.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Numbers = NDArray[np.floating[Any]]
Labels = NDArray[np.int64]

MOST_REJECTED: Final = 0.015
"""Of the held-out photos of the classes, at most this share may be answered with "none of these"."""
SHUFFLES: Final = 2
"""Rows of shuffled features a photo."""
MOST_SHUFFLED: Final = 4000
"""So many rows tell enough; bounds memory and time for large datasets."""
_JUST: Final = 1e-4
"""A photo at the limit itself counts to its class."""


def shuffled(values: Floats, seed: int) -> tuple[Floats, NDArray[np.int64]]:
    """Return rows of features dealt out to the channels anew, and the row that each was made of.

    Args:
        values: features of the classes' photos, shape (photos, channels).
        seed: of what is drawn.
    """
    random = np.random.default_rng(seed)
    sources = np.tile(np.arange(len(values)), SHUFFLES)
    if len(sources) > MOST_SHUFFLED:
        sources = np.sort(random.choice(len(values), MOST_SHUFFLED, replace=len(values) < MOST_SHUFFLED))
    rows: Floats = random.permuted(values[sources], axis=1)
    return rows, sources


def joined(everything: Numbers, classes: Numbers, background: int) -> Floats:
    """Return kernels, biases or logits in which the classes stand to each other as they do without the background.

    Args:
        everything: of a layer that knows the background, shape (..., classes + 1).
        classes: of one that does not, shape (..., classes).
        background: the position of "none of these" in `everything`.
    """
    others = np.delete(everything, background, axis=-1).mean(axis=-1)
    rows = np.insert(classes - classes.mean(axis=-1, keepdims=True), background, 0.0, axis=-1)
    rows[..., background] = everything[..., background] - others
    result: Floats = rows.astype(np.float32)
    return result


def readiness(logits: Floats, labels: Labels, background: int) -> float:
    """Return what is added to the background's logit, so that it is answered neither too readily nor hardly ever.

    Args:
        logits: of real photos that were held out, shape (photos, classes).
        labels: their classes, shape (photos,).
        background: the position of "none of these" among the classes.
    """
    margins = logits[:, background] - np.delete(logits, background, axis=1).max(axis=1)
    ordinary = labels != background
    if not ordinary.any():
        return 0.0
    limit = float(np.quantile(margins[ordinary], 1 - MOST_REJECTED, method="higher"))
    if limit < 0 and not ordinary.all():  # photos of it are there, and say better than a share how ready it should be
        return 0.0
    return -limit - _JUST
