"""What each formula kind takes from the units that record: a line of integers per unit, month by month.

The rules of the formulas stand in ``indicators``, which turns lines into figures; ``indicator_climb`` adds them up.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from xzdesk.core.expressions import Expression, parse
from xzdesk.core.indicator_vectors import Contents, Frame, Reading, Vector, as_numbers, current, within_year
from xzdesk.core.model import Catalogue, CellState, FormulaKind, Indicator, OrgUnit, Scalar
from xzdesk.core.observations import Content

CONDITION_READINGS: Final[Mapping[str, Reading]] = {"ytd": Reading.IN_YEAR, "to_date": Reading.TO_DATE}
"""The series functions that a condition may use."""


@dataclass(slots=True)
class Line:
    """The ingredients of one indicator at one unit, an entry for each month."""

    numerators: Sequence[int]
    denominators: Sequence[int]
    """Empty where the formula has none."""
    known: Sequence[int]
    asked: Sequence[int]
    missing: Sequence[int]

    @property
    def columns(self) -> tuple[Sequence[int], ...]:
        return (self.numerators, self.denominators, self.known, self.asked, self.missing)


def in_scope(indicator: Indicator, unit: OrgUnit) -> bool:
    """Whether the indicator is made from what ``unit`` records."""
    if unit.level is not indicator.level or (indicator.scope_units and unit.code not in indicator.scope_units):
        return False
    return not indicator.scope_kinds or unit.kind in indicator.scope_kinds


_SUMS: Final[Mapping[FormulaKind, Reading]] = {
    FormulaKind.SUM_LATEST: Reading.LATEST,
    FormulaKind.SUM_IN_YEAR: Reading.IN_YEAR,
    FormulaKind.SUM_TO_DATE: Reading.TO_DATE,
    FormulaKind.REPORTED: Reading.LATEST,
}


def readings(catalogue: Catalogue, indicator: Indicator) -> Iterator[tuple[str, Reading]]:
    """(element, reading) for everything the formula reads."""
    if indicator.kind in _SUMS:
        yield from ((code, _SUMS[indicator.kind]) for code in summed(indicator))
    elif indicator.kind is FormulaKind.RATIO:
        for code in (*indicator.elements, *indicator.denominators):
            yield code, within_year(catalogue.elements[code])
    else:
        yield from _condition_readings(catalogue, parse(indicator.condition)).values()


def summed(indicator: Indicator) -> tuple[str, ...]:
    """The elements that are added up; a reported indicator is its first element."""
    return indicator.elements[:1] if indicator.kind is FormulaKind.REPORTED else indicator.elements


def own_lines(frame: Frame, indicator: Indicator) -> dict[str, Line]:
    """By code of the units whose records the indicator is made from."""
    if indicator.kind in _SUMS:
        return _sums(frame, indicator, _SUMS[indicator.kind])
    if indicator.kind is FormulaKind.RATIO:
        return _ratios(frame, indicator)
    return _Conditions(frame, indicator).lines()


def _scope(frame: Frame, indicator: Indicator) -> list[OrgUnit]:
    return [unit for unit in frame.catalogue.units.values() if in_scope(indicator, unit)]


def _sums(frame: Frame, indicator: Indicator, reading: Reading) -> dict[str, Line]:
    elements = [frame.catalogue.elements[code] for code in summed(indicator)]
    finest = max(element.decimals for element in elements)
    vectors = [(frame.read(element, reading), 10 ** (finest - element.decimals)) for element in elements]
    lines = {}
    for unit in _scope(frame, indicator):
        own = [(by_unit[unit.code], factor) for by_unit, factor in vectors if unit.code in by_unit]
        if own:
            lines[unit.code] = Line(
                numerators=added([_numbers(vector.contents, factor) for vector, factor in own]),
                denominators=(),
                known=_known(frame, [vector.contents for vector, _ in own]),
                asked=frame.alive(unit.code),
                missing=added([vector.missing for vector, _ in own]),
            )
    return lines


def _ratios(frame: Frame, indicator: Indicator) -> dict[str, Line]:
    sides = []
    for codes in (indicator.elements, indicator.denominators):
        elements = [frame.catalogue.elements[code] for code in codes]
        finest = max(element.decimals for element in elements)
        sides.append([(frame.read(e, within_year(e)), 10 ** (finest - e.decimals)) for e in elements])
    lines = {}
    for unit in _scope(frame, indicator):
        above, below = ([(by[unit.code], f) for by, f in side if unit.code in by] for side in sides)
        if len(above) < len(sides[0]) or len(below) < len(sides[1]):
            continue
        vectors = [vector for vector, _ in (*above, *below)]
        complete = [int(None not in contents) for contents in zip(*(v.contents for v in vectors), strict=True)]
        lines[unit.code] = Line(
            numerators=masked(added([_numbers(v.contents, factor) for v, factor in above]), complete),
            denominators=masked(added([_numbers(v.contents, factor) for v, factor in below]), complete),
            known=complete,
            asked=frame.alive(unit.code),
            missing=added([vector.missing for vector in vectors]),
        )
    return lines


class _Conditions:
    """Which units meet the indicator's condition. The same contents are judged once."""

    def __init__(self, frame: Frame, indicator: Indicator) -> None:
        self._frame = frame
        self._indicator = indicator
        expression = parse(indicator.condition)
        readings = _condition_readings(frame.catalogue, expression)
        self._verdicts = _Verdicts(frame.catalogue, expression, readings)
        self._vectors = [frame.read(frame.catalogue.elements[code], reading) for code, reading in readings.values()]

    def lines(self) -> dict[str, Line]:
        return {unit.code: self._line(unit.code) for unit in _scope(self._frame, self._indicator)}

    def _line(self, code: str) -> Line:
        frame = self._frame
        unknown = Vector([None] * len(frame.months), frame.zeros)
        own = [by_unit.get(code, unknown) for by_unit in self._vectors]
        alive = frame.alive(code)
        met: Sequence[int] = list(map(self._verdicts.__getitem__, zip(*(v.contents for v in own), strict=True)))
        known = _known(frame, [vector.contents for vector in own])
        missing = added([vector.missing for vector in own])
        if alive is not frame.ones:
            met, known, missing = masked(met, alive), masked(known, alive), masked(missing, alive)
        share = self._indicator.kind is FormulaKind.SHARE_MEETING
        return Line(met, alive if share else (), known, alive, missing)


class _Verdicts(dict[tuple[Content | None, ...], int]):
    """1 where the condition holds for the contents read (in the order of ``readings``), else 0."""

    def __init__(
        self, catalogue: Catalogue, expression: Expression, readings: Mapping[str, tuple[str, Reading]]
    ) -> None:
        super().__init__()
        self._expression = expression
        self._names = list(readings)
        self._decimals = [catalogue.elements[code].decimals for code, _ in readings.values()]

    def __missing__(self, contents: tuple[Content | None, ...]) -> int:
        known = {
            name: _scalar(content, decimals)
            for name, content, decimals in zip(self._names, contents, self._decimals, strict=True)
        }
        met = int(self._expression.evaluate(_Read(known)) is True)
        self[contents] = met
        return met


class _Read:
    """The environment of a condition: names, and calls as ``function(name)``."""

    def __init__(self, known: Mapping[str, Scalar]) -> None:
        self._known = known

    def value(self, name: str) -> Scalar:
        return self._known[name]

    def series(self, function: str, name: str) -> Scalar:
        return self._known[f"{function}({name})"]


def _scalar(content: Content | None, decimals: int) -> Scalar:
    if isinstance(content, int):
        return Decimal(content).scaleb(-decimals)
    return None if isinstance(content, CellState) else content


def _condition_readings(catalogue: Catalogue, expression: Expression) -> dict[str, tuple[str, Reading]]:
    """What a condition reads: (element, reading) by name or ``function(name)``.

    Raises ``ValueError`` for a function that conditions do not know (the catalogue's validation has refused it).
    """
    readings = {name: (name, current(catalogue.elements[name])) for name in sorted(_plain_names(expression))}
    for function, name in sorted(expression.calls):
        if function not in CONDITION_READINGS:
            raise ValueError(f"{function}() in a condition")
        readings[f"{function}({name})"] = (name, CONDITION_READINGS[function])
    return readings


def _plain_names(expression: Expression) -> set[str]:
    """The names that are read as they are, not only inside ``ytd(...)`` and its kin."""
    nodes = list(ast.walk(expression.tree))
    inside: set[int] = set()
    for call in nodes:
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
            series = call.func.id in CONDITION_READINGS
            inside.update(id(part) for part in (call.func, *(call.args if series else ())))
    return {node.id for node in nodes if isinstance(node, ast.Name) and id(node) not in inside}


def _numbers(contents: Contents, factor: int) -> Sequence[int]:
    numbers = as_numbers(contents)
    return numbers if factor == 1 else [number * factor for number in numbers]


def _known(frame: Frame, contents: Sequence[Contents]) -> Sequence[int]:
    """1 where at least one of the contents is recorded or stated."""
    if any(None not in each for each in contents):
        return frame.ones
    return [int(any(content is not None for content in each)) for each in zip(*contents, strict=True)]


def masked(numbers: Sequence[int], held: Sequence[int]) -> Sequence[int]:
    return numbers if 0 not in held else [number * flag for number, flag in zip(numbers, held, strict=True)]


def added(vectors: Sequence[Sequence[int]]) -> Sequence[int]:
    return vectors[0] if len(vectors) == 1 else [*map(sum, zip(*vectors, strict=True))]
