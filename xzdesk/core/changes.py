"""Three-way compare: what came in against what was accepted last, and against what this office edited since.

Pure. It decides nothing: a ``conflict`` says that both sides moved, apart, from the same accepted state. ``mine`` is
the whole state as it stands here, not only the edits: where nothing was edited it equals ``base``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from xzdesk.core.model import CellRef, DataValue, FieldValue, RegisterRow, RowRef, Values

UNIT_FIELD = "unit"
"""Stands among a row's fields for the unit that the row belongs to; no register has a field of that name."""


class ChangeKind(StrEnum):
    UNCHANGED = "unchanged"
    """What came in is what was accepted; an edit made here stays as it is."""
    NEW = "new"
    CHANGED = "changed"
    REMOVED = "removed"
    CONFLICT = "conflict"
    """Came in changed, was edited here too, and the two differ."""


@dataclass(frozen=True, slots=True)
class Change:
    """One cell on the three sides; None where nothing is recorded."""

    place: CellRef
    kind: ChangeKind
    base: DataValue | None
    incoming: DataValue | None
    mine: DataValue | None


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a register row on the three sides; None where the row or the field is not there."""

    field: str
    kind: ChangeKind
    base: FieldValue
    incoming: FieldValue
    mine: FieldValue


@dataclass(frozen=True, slots=True)
class RowChange:
    """One register row. ``fields`` holds every field of it, in order of its name."""

    place: RowRef
    kind: ChangeKind
    fields: tuple[FieldChange, ...]

    @property
    def moved(self) -> tuple[FieldChange, ...]:
        """The fields that came in otherwise than they were accepted."""
        return tuple(field for field in self.fields if field.kind is not ChangeKind.UNCHANGED)


_T = TypeVar("_T")


def kind_of(base: _T | None, incoming: _T | None, mine: _T | None) -> ChangeKind:
    """How one thing changed; None stands for its absence."""
    if incoming == base:
        return ChangeKind.UNCHANGED
    if mine not in (base, incoming):
        return ChangeKind.CONFLICT
    if base is None:
        return ChangeKind.NEW
    return ChangeKind.REMOVED if incoming is None else ChangeKind.CHANGED


def compare(base: Values, incoming: Values, mine: Values) -> list[Change]:
    """Every cell that any side has, in the order of unit, element and period."""
    changes = []
    for place in sorted({*base, *incoming, *mine}):
        sides = base.get(place), incoming.get(place), mine.get(place)
        changes.append(Change(place, kind_of(*sides), *sides))
    return changes


def compare_rows(
    register: str,
    base: Mapping[str, RegisterRow],
    incoming: Mapping[str, RegisterRow],
    mine: Mapping[str, RegisterRow],
) -> list[RowChange]:
    """Every row that any side has, by row id, in the order of the ids.

    A deleted row counts as not there; revisions are not looked at. Rows that all three sides have are judged field
    by field: edits of different fields are no conflict, and the row is in conflict when one of its fields is.
    Deleted on one side and changed on the other is a conflict.
    """
    changes = []
    for row in sorted({*base, *incoming, *mine}):
        sides = _fields(base.get(row)), _fields(incoming.get(row)), _fields(mine.get(row))
        fields = _compare_fields(*sides)
        changes.append(RowChange(RowRef(register, row), _row_kind(sides, fields), fields))
    return changes


def _fields(row: RegisterRow | None) -> Mapping[str, FieldValue] | None:
    """What the row holds, without fields that hold nothing: a field new to the schema is no change."""
    if row is None or row.deleted:
        return None
    return {UNIT_FIELD: row.unit, **{name: value for name, value in row.fields.items() if value is not None}}


_Side = Mapping[str, FieldValue] | None


def _compare_fields(base: _Side, incoming: _Side, mine: _Side) -> tuple[FieldChange, ...]:
    changes = []
    for field in sorted({*(base or ()), *(incoming or ()), *(mine or ())}):
        sides = (base or {}).get(field), (incoming or {}).get(field), (mine or {}).get(field)
        changes.append(FieldChange(field, kind_of(*sides), *sides))
    return tuple(changes)


def _row_kind(sides: tuple[_Side, _Side, _Side], fields: tuple[FieldChange, ...]) -> ChangeKind:
    whole = kind_of(*sides)
    if None in sides or whole is not ChangeKind.CONFLICT:
        return whole
    is_conflict = any(field.kind is ChangeKind.CONFLICT for field in fields)
    return ChangeKind.CONFLICT if is_conflict else ChangeKind.CHANGED
