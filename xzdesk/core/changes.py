"""Three-way compare: what came in against what was accepted last, and against what this office edited since.

Pure. It decides nothing: a ``conflict`` says that both sides moved, apart, from the same accepted state.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from xzdesk.core.model import CellRef
from xzdesk.core.observations import Content, Observations
from xzdesk.core.periods import Period

_T = TypeVar("_T")


class ChangeKind(StrEnum):
    UNCHANGED = "unchanged"
    """What came in is what was accepted; an edit made here stays as it is."""
    NEW = "new"
    CHANGED = "changed"
    REMOVED = "removed"
    CONFLICT = "conflict"
    """Came in changed, was edited here too, and the two differ."""


def kind_of(base: _T | None, incoming: _T | None, mine: _T | None) -> ChangeKind:
    """How one thing changed; None stands for its absence."""
    if incoming == base:
        return ChangeKind.UNCHANGED
    if mine not in (base, incoming):
        return ChangeKind.CONFLICT
    if base is None:
        return ChangeKind.NEW
    return ChangeKind.REMOVED if incoming is None else ChangeKind.CHANGED


@dataclass(frozen=True, slots=True)
class CellDifference:
    """One cell of the three-way compare: last accepted, incoming, and this office's own edit over it."""

    ref: CellRef
    accepted: Content | None
    incoming: Content | None
    mine: Content | None = None
    edited: bool = False
    """Whether an own edit stands over it; otherwise ``mine`` is None."""

    @property
    def kind(self) -> ChangeKind:
        return kind_of(self.accepted, self.incoming, self.mine if self.edited else self.accepted)


def differences(
    incoming: Observations, held: Observations, scope: Collection[Period], older: Collection[str]
) -> list[CellDifference]:
    """Cells in which ``incoming`` is not ``held``; a cell outside the periods of ``scope`` is never removed.

    Units in ``older`` are passed over: what is held of them is newer than what came.
    """
    found: list[CellDifference] = []
    for element in sorted(incoming.elements() | held.elements()):
        theirs, ours = incoming.columns(element), held.columns(element)
        for unit in sorted((set(theirs) | set(ours)) - set(older)):
            new, old = theirs.get(unit, {}), ours.get(unit, {})
            if new == old:
                continue
            for period in sorted(set(new) | set(old)):
                if new.get(period) != old.get(period) and (period in new or period in scope):
                    ref = CellRef(unit, element, period)
                    found.append(CellDifference(ref, old.get(period), new.get(period)))
    return found
