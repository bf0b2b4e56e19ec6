"""Owns the sure answer above an unsure one: “some kind of terrier”, where the model wavers between terriers alone.

A kind's probability is the sum of its classes' (`core/class_names` says which those are). A model with classes of its
own has no kinds, and one that knows few of ImageNet's only those of which it knows two classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from mobilenet_gui.core.class_names import kinds_of
from mobilenet_gui.core.types import Group, Label
from mobilenet_gui.i18n import tr

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GROUP_FROM: Final = 0.9
"""A kind is named from this probability on, and never below the user's own limit; 95 % of those named are right, and
more (`benchmarks.groups`)."""


class Kinds:
    """The kinds that a model's classes belong to."""

    def __init__(self, labels: Sequence[Label]) -> None:
        """Take the classes in the order of the model's probabilities."""
        import numpy as np

        members: dict[str, list[int]] = {}
        for place, label in enumerate(labels):
            for kind in kinds_of(label.id):
                members.setdefault(kind, []).append(place)
        # Narrow ones first; of two with the same classes the narrower, which comes first in every class's kinds.
        order = sorted(members, key=lambda kind: len(members[kind]))
        distinct = {tuple(members[kind]): kind for kind in reversed(order) if len(members[kind]) > 1}
        self._names = [kind for kind in order if distinct.get(tuple(members[kind])) == kind]
        self._matrix = np.zeros((len(self._names), len(labels)), np.float32)
        for row, kind in zip(self._matrix, self._names, strict=True):
            row[members[kind]] = 1

    def groups(self, probabilities: NDArray[np.float32], least: float = GROUP_FROM) -> tuple[Group, ...]:
        """Return the kinds that are likely, the narrowest first.

        Args:
            probabilities: one a class, float32, shape (classes,).
            least: what the sum of a kind's probabilities must reach, 0-1.
        """
        if not self._names:
            return ()
        sums = (self._matrix @ probabilities).tolist()
        return tuple(
            Group(name, min(1.0, total)) for name, total in zip(self._names, sums, strict=True) if total >= least
        )


def named_group(groups: Iterable[Group], sure_from: float) -> Group | None:
    """Return the narrowest of an unsure answer's kinds that is sure by the user's limit (0-1) as well, if any."""
    return next((group for group in groups if group.probability >= sure_from), None)


def group_text(group: Group) -> str:
    """Return the kind as an answer in words."""
    return tr("Some kind of {kind}").format(kind=group.name)
