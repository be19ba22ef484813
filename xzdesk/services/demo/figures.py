"""Inventing the figures that are typed: each unit's cells for every period, so that the sums land near the plan.

Deterministic: the same catalogue, script and seed give the same figures. Counts are dealt out as single events in a
fixed order of units, so that no unit's running total ever falls and the district's total is exact.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from xzdesk.core.model import Catalogue, CellRef, DataElement, DataValue, Indicator, Level, Measure, OrgUnit
from xzdesk.core.periods import Period, period_range
from xzdesk.services.demo.script import DEFAULT, ElementScript, Follow, Part, Reach, Script
from xzdesk.services.demo.script import Level as OwnLevel

MOST_EVENTS = 30_000
Cells = dict[CellRef, DataValue]


class Figures:
    """The demonstration's figures up to a month."""

    def __init__(self, catalogue: Catalogue, script: Script, last: Period, seed: int) -> None:
        self.catalogue = catalogue
        self.script = script
        self.last = last
        self.seed = seed
        self.first = Period.month(catalogue.first_year, 1)
        self._targets = {
            (t.indicator, t.year): float(t.value)
            for t in catalogue.targets
            if t.value is not None and t.unit == catalogue.district.code
        }
        self._cells: dict[str, Cells] = {}
        self._by_unit: dict[str, Cells] = {}

    def chance(self, *about: object) -> random.Random:
        """Its own stream of chance for everything that is invented."""
        return random.Random(":".join(map(str, (self.seed, *about))))  # noqa: S311 - invented figures, no secret

    def months(self) -> Iterator[Period]:
        return period_range(self.first, self.last)

    def all(self) -> Cells:
        """Every typed cell of every unit, 期初数 included."""
        found: Cells = {}
        for element in self.catalogue.elements.values():
            found.update(self.of(element.code))
        return found

    def of_units(self, units: Collection[str]) -> Cells:
        """Every typed cell of some units (codes)."""
        if not self._by_unit:
            for ref, value in self.all().items():
                self._by_unit.setdefault(ref.unit, {})[ref] = value
        return {ref: value for unit in units for ref, value in self._by_unit.get(unit, {}).items()}

    def of(self, code: str) -> Cells:
        """The cells of one element, made once."""
        if code not in self._cells:
            self._cells[code] = self._invent(self.catalogue.elements[code])
        return self._cells[code]

    def pace(self, unit: OrgUnit) -> float:
        """How fast the town of ``unit`` is; 1 is the district's."""
        town = unit.code if unit.level is not Level.VILLAGE else unit.parent
        return self.script.pace.get(town, 0.95 + 0.1 * self.chance("pace", town).random())

    def units_of(self, element: DataElement) -> list[OrgUnit]:
        return [unit for unit in self.catalogue.units.values() if element.asks(unit)]

    def weights(self, element: DataElement) -> dict[str, float]:
        """Each asked unit's part of the whole, adding up to 1."""
        chance = self.chance("weight", element.track)
        size = {unit.code: chance.uniform(0.6, 1.4) for unit in self.catalogue.units.values()}
        raw = {unit.code: size[unit.code] * self.pace(unit) ** 2 for unit in self.units_of(element)}
        whole = sum(raw.values())
        return {code: part / whole for code, part in raw.items()}

    def level(self, indicator: str, month: Period) -> float:
        """Where the indicator stands at the month's end, in its own unit: on the line from target to target, times
        what is attained. For an annual one: the target of the whole year."""
        years = sorted(year for code, year in self._targets if code == indicator)
        if not years:
            return 0.0
        attained = self.script.attain.get(indicator, self.script.attain[DEFAULT])
        start = self.script.start.get(indicator, self.script.start[DEFAULT])
        points = [(self.catalogue.baseline_year, start * self._targets[indicator, years[0]] / attained)]
        points += [(year, self._targets[indicator, year]) for year in years]
        at = month.year - 1 + month.index / 12
        if self.catalogue.indicators[indicator].annual:
            at = max(month.year, years[0])
        for (left, low), (right, high) in itertools.pairwise(points):
            if at <= right:
                return attained * (low + (high - low) * (at - left) / (right - left))
        return attained * points[-1][1]

    def total(self, indicator: str, month: Period, baseline: bool = False) -> float:
        """The indicator's running total in the elements' unit since the plan began (``baseline``: before that)."""
        plan = self.catalogue.indicators[indicator]
        if plan.annual:
            if baseline:
                return 0.0
            past = sum(self.level(indicator, Period.month(year, 12)) for year in range(self.first.year, month.year))
            total = past + self.level(indicator, month) * month.index / 12
        else:
            begun = self.level(indicator, Period.month(self.catalogue.baseline_year, 12))
            total = begun if baseline else self.level(indicator, month) - begun
        return total / float(plan.scale)

    def order(self, indicator: str, units: Sequence[OrgUnit]) -> list[OrgUnit]:
        """The order in which units get there: by chance, fast towns earlier."""
        return sorted(
            units, key=lambda unit: self.chance("order", indicator, unit.code).random() / self.pace(unit) ** 4
        )

    def events(self, weights: Mapping[str, float], stream: str) -> Iterator[str]:
        """Unit codes, each as often as its weight says and evenly spread: the k-th is who has the k-th event."""
        chance = self.chance("events", stream)
        heap = [(chance.random() / weight, code) for code, weight in weights.items() if weight > 0]
        heapq.heapify(heap)
        while heap:
            when, code = heap[0]
            heapq.heapreplace(heap, (when + 1 / weights[code], code))
            yield code

    def _invent(self, element: DataElement) -> Cells:
        script = self.script.elements.get(element.code)
        if element.derivation is not None or script is None:
            return self._baseline_of_derived(element)
        periods = [p for p in (m.latest(element.frequency) for m in self.months()) if p.year >= self.first.year]
        periods = sorted(set(periods))
        if script.reach:
            return self._reach(element, script.reach, periods)
        if script.follow:
            return self._follow(element, script.follow, periods)
        if script.part:
            return self._part(element, script.part, periods)
        return self._plain(element, script, periods)

    def _baseline_of_derived(self, element: DataElement) -> Cells:
        """期初数 of an element whose entries begin with the plan: what the indicator had before."""
        if not element.baseline:
            return {}
        script = self.script.elements.get(element.code)
        if script is not None and script.level is not None:
            return self._older(element, script.level)
        using = [i for i in self.catalogue.indicators.values() if element.code in i.elements]
        baseline = Period.of_year(self.catalogue.baseline_year)
        total = round(self.total(using[0].code, self.first, baseline=True)) if using else 0
        counts = dict.fromkeys((unit.code for unit in self.units_of(element)), 0)
        for code, _ in zip(self.events(self.weights(element), f"baseline {element.code}"), range(total), strict=False):
            counts[code] += 1
        return {CellRef(unit, element.code, baseline): DataValue.of(count) for unit, count in counts.items()}

    def _older(self, element: DataElement, level: OwnLevel) -> Cells:
        baseline = Period.of_year(self.catalogue.baseline_year)
        chance = self.chance("older", element.code)
        return {
            CellRef(unit.code, element.code, baseline): DataValue.of(round(chance.uniform(level.low, level.high)))
            for unit in self.units_of(element)
        }

    def _reach(self, element: DataElement, reach: Reach, periods: Sequence[Period]) -> Cells:
        """As many units have each level as its indicator wants; a higher level counts as the lower one too."""
        units = self.units_of(element)
        found: Cells = {}
        chance = self.chance("others", element.code)
        rest = {
            unit.code: chance.choices([c for c, _ in reach.others], [share for _, share in reach.others])[0]
            for unit in units
        }
        for indicator, choice in reversed(reach.levels):
            plan = self.catalogue.indicators[indicator]
            scope = [unit for unit in units if unit.kind in plan.scope_kinds or not plan.scope_kinds]
            scope = [unit for unit in scope if not plan.scope_units or unit.code in plan.scope_units]
            ranked = self.order(reach.like or reach.levels[-1][0], scope)
            for period in periods:
                wanted = self.level(indicator, period.end_month())
                count = round(wanted * len(scope) / 100) if plan.unit == "%" else round(wanted)
                for unit in ranked[:count]:
                    found[CellRef(unit.code, element.code, period)] = DataValue.of(choice)
        for unit in units:
            for period in periods:
                found.setdefault(CellRef(unit.code, element.code, period), DataValue.of(rest[unit.code]))
        return found

    def _follow(self, element: DataElement, follow: Follow, periods: Sequence[Period]) -> Cells:
        plan = self.catalogue.indicators[follow.indicator]
        totals = [follow.share * self._running(plan, element, period) for period in periods]
        weights = self.weights(element)
        found: Cells = {}
        if element.baseline:
            found.update(self._baseline_of_derived(element))
        if element.decimals == 0 and totals and totals[-1] < MOST_EVENTS:
            counts = self._dealt(weights, element, follow, [round(total) for total in totals])
            running = {code: [Decimal(n) for n in of_unit] for code, of_unit in counts.items()}
        else:
            running = {
                code: [self._round(weight * total, element) for total in totals] for code, weight in weights.items()
            }
        for code, of_unit in running.items():
            before = Decimal(0)
            for period, now in zip(periods, of_unit, strict=True):
                value = now if element.measure is Measure.STOCK else now - before
                before = now
                found[CellRef(code, element.code, period)] = DataValue.of(value)
        return found

    def _running(self, plan: Indicator, element: DataElement, period: Period) -> float:
        month = period.end_month()
        if element.measure is Measure.STOCK:
            return self.level(plan.code, month) / float(plan.scale)
        return max(0.0, self.total(plan.code, month))

    def _dealt(
        self, weights: Mapping[str, float], element: DataElement, follow: Follow, totals: Sequence[int]
    ) -> dict[str, list[int]]:
        """Running counts per unit; never falling, adding up to each total."""
        events = self.events(weights, element.code)
        if follow.once:
            events = iter([unit.code for unit in self.order(follow.indicator, self.units_of(element))])
        counts = dict.fromkeys(weights, 0)
        found: dict[str, list[int]] = {code: [] for code in weights}
        dealt = 0
        for total in totals:
            while dealt < total:
                counts[next(events)] += 1
                dealt += 1
            for code, count in counts.items():
                found[code].append(count)
        return found

    def _part(self, element: DataElement, part: Part, periods: Sequence[Period]) -> Cells:
        """A share of another flow; who passes the year's threshold is set by the indicator."""
        whole = self.of(part.of)
        plan = self.catalogue.indicators[part.indicator]
        units = self.units_of(element)
        scope = [unit for unit in units if unit.kind in plan.scope_kinds]
        ranked = self.order(part.indicator, scope)
        found: Cells = {}
        for year in sorted({period.year for period in periods}):
            of_year = [period for period in periods if period.year == year]
            passing = {
                u.code for u in ranked[: round(self.level(part.indicator, Period.month(year, 12)) * len(scope) / 100)]
            }
            for unit in units:
                amounts = [whole[CellRef(unit.code, part.of, period)].number or Decimal(0) for period in of_year]
                wanted = part.share * float(sum(amounts))
                per_quarter = part.threshold / 4
                if unit.code in passing:
                    wanted = max(wanted, per_quarter * len(of_year) * 1.04)
                elif unit.kind in plan.scope_kinds:
                    wanted = min(wanted, per_quarter * len(of_year) * 0.93)
                each = min(wanted / len(of_year), *(float(amount) * 0.98 for amount in amounts))
                for period in of_year:
                    found[CellRef(unit.code, element.code, period)] = DataValue.of(self._round(each, element))
        return found

    def _plain(self, element: DataElement, script: ElementScript, periods: Sequence[Period]) -> Cells:
        found: Cells = {}
        for unit in self.units_of(element):
            share = self.chance("level", element.code, unit.code).random()
            for period in periods:
                years = period.end_month().last_month / 12 - self.first.year
                if script.yearly:
                    values = script.yearly.values
                    value = Decimal(values[min(period.year - self.first.year, len(values) - 1)])
                elif script.per:
                    of = self.of(script.per.of)[CellRef(unit.code, script.per.of, period)].number or Decimal(0)
                    scale = float(self.catalogue.indicators[script.per.indicator].scale)
                    wanted = self.level(script.per.indicator, period.end_month()) * self.pace(unit)
                    value = self._round(float(of) * wanted / scale, element)
                elif script.level:
                    low, high = script.level.low, script.level.high
                    value = self._round((low + (high - low) * share) * (1 + script.level.growth) ** years, element)
                else:
                    raise ValueError(f"{element.code}: the script does not say how it is invented")
                content = value if element.numeric else str(value)
                found[CellRef(unit.code, element.code, period)] = DataValue.of(content)
        return found

    @staticmethod
    def _round(value: float, element: DataElement) -> Decimal:
        return Decimal(value).quantize(Decimal(1).scaleb(-element.decimals), ROUND_HALF_UP)
