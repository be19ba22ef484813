"""What the workbook of an office consists of, and the identifiers by which its sheets are known again.

Shared by writing and reading, so that both mean the same. Every sheet carries one cell with a marker
(``xzdesk:grid:village:2026-10``, ``xzdesk:register:well``); in the marker's row stand the codes of what the columns
are, in the marker's column those of the rows. Both are hidden, and lie inside the table, so that whoever sorts a
selection or inserts lines moves them along. Knows nothing of a file format.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from xzdesk.core.errors import UserError
from xzdesk.core.model import (
    Catalogue,
    CellRef,
    DataElement,
    DataValue,
    FieldType,
    Level,
    OrgUnit,
    RegisterField,
    RegisterSchema,
)
from xzdesk.core.periods import Period, PeriodKind
from xzdesk.tables.numbers import plain
from xzdesk.tables.table import Raw

FORMAT: Final = "1"
HIDDEN_SHEET: Final = "_xzdesk"
ABOUT_SHEET: Final = "说明"
SKIP: Final = "xzdesk:skip"
"""Identifier of a line that is only shown: last period's figures, definitions."""
UNIT: Final = "xzdesk:unit"
"""Identifier of a register sheet's column that names the unit."""

_PREFIX: Final = "xzdesk:"
_LEVELS: Final = {Level.VILLAGE: "村", Level.TOWN: "镇", Level.DISTRICT: "区"}
_KINDS: Final = {PeriodKind.MONTH: "月报", PeriodKind.QUARTER: "季报", PeriodKind.YEAR: "年报"}
_FIELD_KINDS: Final = {
    FieldType.DATE: "日期",
    FieldType.BOOLEAN: "是/否",
    FieldType.INTEGER: "整数",
    FieldType.DECIMAL: "数",
}


@dataclass(frozen=True, slots=True)
class Grid:
    """报表: the elements that the units of one level fill in for one period; or, in a sheet of their own, 期初数."""

    level: Level
    period: Period
    baseline: bool
    elements: tuple[DataElement, ...]
    units: tuple[OrgUnit, ...]
    """Those that are asked for at least one of ``elements``."""

    @property
    def title(self) -> str:
        return f"{_LEVELS[self.level]}{'期初数' if self.baseline else _KINDS[self.period.kind]}"

    @property
    def marker(self) -> str:
        return f"{_PREFIX}{'baseline' if self.baseline else 'grid'}:{self.level}:{self.period}"


@dataclass(frozen=True, slots=True)
class Marker:
    """What a sheet says it is. ``period`` and ``level`` of a grid; ``register`` of a register; neither: 说明."""

    kind: str
    level: Level | None = None
    period: Period | None = None
    register: str = ""


def register_marker(schema: RegisterSchema) -> str:
    return f"{_PREFIX}register:{schema.code}"


ABOUT_MARKER: Final = f"{_PREFIX}about"


def read_marker(raw: Raw) -> Marker | None:
    """None when the content is no marker, or one that cannot be understood (the sheet is then read by its names)."""
    if not isinstance(raw, str) or not raw.startswith(_PREFIX) or len(raw) > 80:
        return None
    kind, *rest = raw.removeprefix(_PREFIX).split(":")
    if kind == "about" and not rest:
        return Marker(kind)
    if kind == "register" and len(rest) == 1:
        return Marker(kind, register=rest[0])
    if kind not in ("grid", "baseline") or len(rest) != 2 or rest[0] not in list(Level):
        return None
    try:
        return Marker(kind, Level(rest[0]), Period.parse(rest[1]))
    except UserError:
        return None


def grids(catalogue: Catalogue, units: Sequence[OrgUnit], period: Period) -> list[Grid]:
    """The reports that ``units`` hand in with the month ``period``: a quarter's or year's when the month ends it."""
    found: list[Grid] = []
    for level in (Level.VILLAGE, Level.TOWN, Level.DISTRICT):
        for kind in PeriodKind:
            due = period.containing(kind)
            elements = catalogue.elements_of(level, kind)
            if due.last_month == period.last_month:
                found += _grid(level, due, False, elements, units)
    return found


def baseline_grids(catalogue: Catalogue, units: Sequence[OrgUnit]) -> list[Grid]:
    """期初数 of the elements that have one, recorded under the year before the plan."""
    year = Period.of_year(catalogue.baseline_year)
    return [
        grid
        for level in (Level.VILLAGE, Level.TOWN, Level.DISTRICT)
        for grid in _grid(
            level, year, True, tuple(e for e in catalogue.elements.values() if e.baseline and e.level is level), units
        )
    ]


def _grid(
    level: Level, period: Period, baseline: bool, elements: tuple[DataElement, ...], units: Sequence[OrgUnit]
) -> Iterator[Grid]:
    asked = tuple(e for e in elements if any(e.asks(unit) for unit in units))
    asking = tuple(unit for unit in units if any(e.asks(unit) for e in asked))
    if asked:
        yield Grid(level, period, baseline, asked, asking)


def typed(element: DataElement, baseline: bool) -> bool:
    """Whether the element's cells are filled in; otherwise the program computes them from a register."""
    return baseline or element.derivation is None


def shown_key(ref: CellRef) -> str:
    """Under which the hidden sheet notes a computed figure as it was shown, to tell it from one typed over it."""
    return f"{ref.unit}/{ref.element}/{ref.period}"


def shown_text(value: DataValue) -> str:
    """A computed figure as the hidden sheet notes it."""
    return plain(value.number) if value.number is not None else f"{value.state}:{value.choice or ''}"


def shown_fields(schema: RegisterSchema) -> tuple[RegisterField, ...]:
    return tuple(field for field in schema.fields if not field.hidden)


def hint_text(field: RegisterField) -> str:
    """What stands under a field's title: whether it must be filled, and its unit or kind."""
    wanted = field.unit or _FIELD_KINDS.get(field.type, "")
    return " ".join(part for part in ("必填" if field.required else "", wanted) if part)


def dependency_order(catalogue: Catalogue) -> list[RegisterSchema]:
    """Registers so that a referenced one comes before those that refer to it."""
    ordered: dict[str, RegisterSchema] = {}

    def place(schema: RegisterSchema, path: tuple[str, ...]) -> None:
        for field in schema.fields:
            target = catalogue.registers.get(field.references)
            if target is not None and target.code not in path:
                place(target, (*path, target.code))
        ordered.setdefault(schema.code, schema)

    for schema in catalogue.registers.values():
        place(schema, (schema.code,))
    return list(ordered.values())
