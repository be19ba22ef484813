"""Adding an indicator's lines up from the units that record to the office whose figures are wanted."""

from __future__ import annotations

from collections.abc import Sequence

from xzdesk.core.indicator_formulas import Line, added, masked
from xzdesk.core.indicator_vectors import Frame
from xzdesk.core.lineage import Lineage
from xzdesk.core.model import Catalogue, FormulaKind, Indicator, OrgUnit
from xzdesk.core.periods import Period


class Climb:
    """Adds lines up from the units that record to the root."""

    def __init__(self, frame: Frame, root: OrgUnit) -> None:
        self._frame = frame
        self._root = root.code
        self._homes: dict[str, list[tuple[str, Sequence[int]]]] = {}
        ends = (frame.months[0], frame.months[-1])
        self._inside = {
            code for code in frame.catalogue.units if any(self._reaches_root(code, month) for month in ends)
        }

    def up(self, indicator: Indicator, own: dict[str, Line]) -> dict[str, Line]:
        """The lines of the units that record and of every office above them, up to the root.

        Sums and counts of a parent are those below it added up; a reported figure stays where it is.
        """
        if indicator.kind is FormulaKind.REPORTED:
            return {code: line for code, line in own.items() if code in self._inside}
        collected: dict[str, Line] = {}
        level = own
        while level:
            collected.update((code, line) for code, line in level.items() if code in self._inside)
            below: dict[str, list[Line]] = {}
            for code, line in level.items():
                for home, held in self._home(code):
                    below.setdefault(home, []).append(line if held is self._frame.ones else _held(line, held))
            level = {code: _total(lines) for code, lines in below.items()}
        order = self._frame.catalogue.units
        return {code: collected[code] for code in order if code in collected}

    def _reaches_root(self, code: str, month: Period) -> bool:
        while code and code != self._root:
            code = parent_at(self._frame.catalogue, self._frame.lineage, code, month)
        return code == self._root

    def _home(self, code: str) -> list[tuple[str, Sequence[int]]]:
        """The offices directly above, each with the months (1) in which it is."""
        if code not in self._homes:
            catalogue, lineage, frame = self._frame.catalogue, self._frame.lineage, self._frame
            parent = catalogue.units[code].parent
            if not parent:
                self._homes[code] = []
            elif not frame.changes(parent):
                self._homes[code] = [(parent, frame.ones)]
            else:
                parents = [parent_at(catalogue, lineage, code, month) for month in frame.months]
                self._homes[code] = [(p, [int(each == p) for each in parents]) for p in dict.fromkeys(parents)]
        return self._homes[code]


def parent_at(catalogue: Catalogue, lineage: Lineage, code: str, month: Period) -> str:
    """The office above at the month's end: of a merged town the one that carries it on."""
    parent = catalogue.units[code].parent
    return (lineage.successor(parent, month) or parent) if parent else ""


def _held(line: Line, held: Sequence[int]) -> Line:
    return Line(*(masked(column, held) if column else () for column in line.columns))


def _total(lines: Sequence[Line]) -> Line:
    return Line(*(added(columns) if columns[0] else () for columns in zip(*(x.columns for x in lines), strict=True)))
