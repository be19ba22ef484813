"""Which offices exist when, what they are called then, and who carries on the figures of one that is gone.

Pure look-ups over the catalogue's units and events. It moves no values: who sums over several codes asks
``predecessors`` and adds up what was recorded under each while it lived.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from xzdesk.core.model import OrgUnit, UnitEvent, UnitEventKind, UnitKind
from xzdesk.core.periods import Period

ALL_KINDS: Final = frozenset(UnitKind)


class Lineage:
    """The units of a catalogue through time.

    A unit lives from its founding (the beginning, where none is told) until its first merger or closing; an event of
    a month holds from that month's first day, so a unit merged in ``2025-06`` exists at the end of ``2025-05`` and not
    at the end of ``2025-06``, ``2025Q2`` or ``2025``. The catalogue's name is today's; a renaming tells the one that
    was borne until then.
    """

    __slots__ = ("_begins", "_carried", "_ends", "_names", "_units")

    def __init__(self, units: Mapping[str, OrgUnit], events: Iterable[UnitEvent]) -> None:
        self._units = units
        self._begins: dict[str, int] = {}
        self._ends: dict[str, UnitEvent] = {}
        self._names: dict[str, list[UnitEvent]] = {}
        self._carried: dict[tuple[str, int], tuple[str, ...]] = {}
        for event in sorted(events, key=_first_month):
            if event.kind is UnitEventKind.FOUNDED:
                self._begins.setdefault(event.unit, _first_month(event))
            elif event.kind is UnitEventKind.RENAMED:
                self._names.setdefault(event.unit, []).append(event)
            else:
                self._ends.setdefault(event.unit, event)

    def exists(self, code: str, period: Period) -> bool:
        """Whether the unit is known, founded, and neither merged nor closed at the period's end."""
        end = self._ends.get(code)
        return (
            code in self._units
            and self._begins.get(code, 0) <= period.last_month
            and (end is None or _first_month(end) > period.last_month)
        )

    def name_at(self, code: str, period: Period) -> str:
        """The name at the period's end. Raises ``KeyError`` for a code that the catalogue does not have."""
        for event in self._names.get(code, ()):
            if _first_month(event) > period.last_month:
                return event.name
        return self._units[code].name

    def successor(self, code: str, period: Period) -> str | None:
        """Who answers for ``code`` at the period's end: itself while it lives; None when nobody took over."""
        seen: set[str] = set()
        while not self.exists(code, period):
            end = self._ends.get(code)
            if end is None or not end.into or code in seen:
                return None
            seen.add(code)
            code = end.into
        return code

    def predecessors(self, code: str, period: Period) -> tuple[str, ...]:
        """All codes whose figures ``code`` carries on at the period's end: itself, then the others in order.

        Empty when ``code`` does not exist then.
        """
        if not self._ends:
            return (code,) if self.exists(code, period) else ()
        key = (code, period.last_month)
        known = self._carried.get(key)
        if known is None:
            known = ()
            if self.exists(code, period):
                gone = (each for each in sorted(self._ends) if each != code and each in self._units)
                known = (code, *(each for each in gone if self.successor(each, period) == code))
            self._carried[key] = known
        return known

    def living(
        self, period: Period, parent: str | None = None, kinds: Collection[UnitKind] = ALL_KINDS
    ) -> tuple[OrgUnit, ...]:
        """The units that exist at the period's end, in the catalogue's order.

        With ``parent`` only those directly below it; units of an office that was merged or closed belong to
        whoever carries it on.
        """
        return tuple(
            unit
            for unit in self._units.values()
            if unit.kind in kinds
            and self.exists(unit.code, period)
            and (parent is None or self._belongs(unit, parent, period))
        )

    def _belongs(self, unit: OrgUnit, parent: str, period: Period) -> bool:
        return bool(unit.parent) and self.successor(unit.parent, period) == parent


def _first_month(event: UnitEvent) -> int:
    return event.since.last_month - event.since.kind.months + 1
