"""排名: the towns of a month scored against each other, with the month before to compare with.

What is counted and why stands in ``core.ranking``; here the figures, targets, findings and arrivals are gathered.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from xzdesk.core import checks, indicators, ranking, ranking_moves, ranking_words, targets
from xzdesk.core.indicators import Panel
from xzdesk.core.model import CellRef, Finding, Level, OrgUnit, Severity, Target
from xzdesk.core.observations import Observations
from xzdesk.core.periods import Period
from xzdesk.core.ranking import Conduct, Fault, Ranking
from xzdesk.core.ranking_meter import HISTORY, Yardstick
from xzdesk.core.targets import TargetLine
from xzdesk.services.aggregate import observe_all, targets_by_unit
from xzdesk.services.check import asked_cells
from xzdesk.services.session import Session
from xzdesk.store import packages, verdicts
from xzdesk.store.packages import Direction, PackageKind, PackageStatus
from xzdesk.store.verdicts import Returned, ReturnStatus

__all__ = ["Ranking", "rank"]

BEIJING: Final = dt.timezone(dt.timedelta(hours=8))
"""The day of an arrival is that of this clock on every computer, or two of them would rank differently."""

_TAKEN: Final = frozenset({PackageStatus.ACCEPTED, PackageStatus.SUPERSEDED})


def rank(session: Session, month: Period, weights: Mapping[str, Decimal] | None = None) -> Ranking:
    """The ranking of the district's towns at the end of ``month``; the month before is worked out again as well.

    ``weights``: points by part instead of the catalogue's, adding up to 100. Raises ``UserError``
    ``workspace.wrong_kind``, ``rank.weights``.
    """
    session.require(Level.DISTRICT)
    ranking.part_weights(session.catalogue.ranking, weights)
    gathered = _Gathered(session, month)
    made = gathered.rank(month, weights)
    before = month.shift(-1)
    if before.year >= session.catalogue.first_year and gathered.has_arrivals(before):
        made = ranking_moves.compared(session.catalogue, gathered.rank(before, weights), made)
    places = tuple(
        replace(
            place,
            pluses=ranking_words.pluses(session.catalogue, made, place),
            minuses=ranking_words.minuses(session.catalogue, place, made.weights),
        )
        for place in made.places
    )
    return replace(made, places=places, rules=ranking_words.rules_text(session.catalogue, weights))


class _Gathered:
    """What the district knows up to a month, read once for it and the one before."""

    def __init__(self, session: Session, month: Period) -> None:
        self._session = session
        self._catalogue = session.catalogue
        self._known: Observations = observe_all(session, month)
        scored = list(self._catalogue.ranking.indicator_weights)
        self._panel = self._compute(max(month.shift(-1 - HISTORY), self._baseline), month, scored)
        self._targets = targets_by_unit(session)
        self._begun = self._compute(self._baseline, self._baseline, self._starting(month))
        self._split = {code for code, unit in self._targets if self._catalogue.units[unit].level is Level.TOWN}
        self._arrivals = _Arrivals.of(session)
        self._returned = verdicts.listing(session.workspace)
        self._corrections = [
            correction
            for year in (month.year - 1, month.year)
            for correction in verdicts.corrections_of_year(session.workspace, year)
        ]

    @property
    def _baseline(self) -> Period:
        return Period.month(self._catalogue.baseline_year, 12)

    def has_arrivals(self, month: Period) -> bool:
        return any(self._arrivals.first(town, month) for town in self._towns(month))

    def rank(self, month: Period, weights: Mapping[str, Decimal] | None) -> Ranking:
        towns = self._towns(month)
        yardsticks = {
            (code, town): yardstick
            for code in self._catalogue.ranking.indicator_weights
            for town in towns
            if (yardstick := self._yardstick(code, town)) is not None
        }
        return ranking.rank(self._catalogue, self._panel, yardsticks, self._conducts(month, towns), month, weights)

    def _compute(self, first: Period, last: Period, codes: Collection[str]) -> Panel:
        lineage = self._session.lineage
        return indicators.series(self._catalogue, self._known, first, last, lineage, indicators=codes)

    def _starting(self, month: Period) -> set[str]:
        """Scored indicators whose reference still depends on the figure at the end of the baseline year."""
        first: dict[str, int] = {}
        for target in self._catalogue.targets:
            if target.value is not None:
                first[target.indicator] = min(target.year, first.get(target.indicator, target.year))
        return {code for code in self._catalogue.ranking.indicator_weights if first.get(code, 0) >= month.year - 1}

    def _towns(self, month: Period) -> list[str]:
        living = self._session.lineage.living(month, self._session.office.code)
        return [unit.code for unit in living if unit.level is Level.TOWN]

    def _yardstick(self, code: str, town: str) -> Yardstick | None:
        """The town's own targets where the indicator is split at all, else the district's."""
        own = code in self._split
        unit = town if own else self._session.office.code
        wanted: Collection[Target] = self._targets.get((code, unit), ())
        if not wanted:
            return None
        indicator = self._catalogue.indicators[code]
        start = targets.starting_figure(self._catalogue, indicator, self._begun.figure(code, unit))
        return Yardstick(TargetLine(self._catalogue, indicator, wanted, start), own)

    def _conducts(self, month: Period, towns: list[str]) -> dict[str, Conduct]:
        lineage = self._session.lineage
        units = {town: [self._catalogue.units[town], *lineage.living(month, town)] for town in towns}
        town_of = {unit.code: town for town, members in units.items() for unit in members}
        everyone = [unit for members in units.values() for unit in members]
        asked = asked_cells(self._session, everyone, month)
        counts = {town: Counter[Fault]() for town in towns}
        for ref in asked:
            if ref not in self._known:
                counts[town_of[ref.unit]][Fault.MISSING] += 1
        for finding in self._findings(everyone, month):
            counts[town_of[finding.unit]][Fault.HARD if finding.severity is Severity.HARD else Fault.SOFT] += 1
        for town, fault in self._verdicts(month):
            if town in counts:
                counts[town][fault] += 1
        cells = Counter(town_of[ref.unit] for ref in asked)
        return {town: self._conduct(town, month, cells[town], counts[town]) for town in towns}

    def _conduct(self, town: str, month: Period, asked: int, faults: Counter[Fault]) -> Conduct:
        day = self._arrivals.first(town, month)
        if day is None:
            return Conduct(asked, dict(faults), "", None)
        due = month.shift(1).first_day.replace(day=self._catalogue.due_day)
        return Conduct(asked, dict(faults), day.isoformat(), max((day - due).days, 0))

    def _findings(self, units: list[OrgUnit], month: Period) -> list[Finding]:
        """Those of the figures that are held; blank cells are counted apart, explained ones not at all."""
        found = checks.check_values(self._catalogue, self._known, units, month, self._session.lineage)
        given = verdicts.reasons_for(self._session.workspace, found)
        return [
            finding
            for finding in found
            if finding.rule != checks.REQUIRED
            and (finding.severity is Severity.HARD or finding.fingerprint not in given)
        ]

    def _verdicts(self, month: Period) -> list[tuple[str, Fault]]:
        """Returns of the month's cells and rows, and the 更正 that the month's packages brought."""
        found = [
            (each.office, Fault.MENDED if each.status is ReturnStatus.MENDED else Fault.RETURNED)
            for each in self._returned
            if each.status is not ReturnStatus.WITHDRAWN and _month_of(each) == month
        ]
        carriers = self._arrivals.carriers(month)
        return found + [
            (carriers[correction.package], Fault.CORRECTED)
            for correction in self._corrections
            if correction.package in carriers
        ]


def _month_of(returned: Returned) -> Period:
    period = returned.place.period if isinstance(returned.place, CellRef) else returned.period
    return period.end_month()


@dataclass(frozen=True, slots=True)
class _Arrivals:
    """When the district took what its towns handed in. A package of a month brings the year's earlier ones too."""

    taken: tuple[tuple[str, Period, str, dt.date], ...]
    """(town, month, package, day)."""

    @staticmethod
    def of(session: Session) -> _Arrivals:
        found = packages.listing(session.workspace, direction=Direction.IN, kind=PackageKind.SUBMISSION)
        return _Arrivals(
            tuple(
                (record.unit, record.period, record.id, _day(record.recorded_at))
                for record in found
                if record.period is not None and record.status in _TAKEN
            )
        )

    def first(self, town: str, month: Period) -> dt.date | None:
        """The day on which the month's figures first came."""
        days = [
            day for unit, period, _, day in self.taken if unit == town and period.year == month.year and period >= month
        ]
        return min(days, default=None)

    def carriers(self, month: Period) -> dict[str, str]:
        """Town by package, of the packages of the month itself."""
        return {package: unit for unit, period, package, _ in self.taken if period == month}


def _day(recorded_at: str) -> dt.date:
    return dt.datetime.fromisoformat(recorded_at).astimezone(BEIJING).date()
