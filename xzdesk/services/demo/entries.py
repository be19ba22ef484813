"""Inventing register entries: facilities, courtyards, houses, projects, with dates that make the indicators land.

Deterministic like ``figures``. Names of people are put together by chance and belong to nobody.
"""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from xzdesk.core.model import CellRef, FieldType, FieldValue, Level, OrgUnit, RegisterField, RegisterSchema, UnitKind
from xzdesk.core.periods import Period
from xzdesk.services.demo.figures import Figures
from xzdesk.services.demo.script import FieldScript, RegisterScript

YEARS_BEFORE = 8
"""How long before the plan an older entry may begin."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row to be recorded in the month in which it begins."""

    register: str
    id: str
    unit: str
    month: Period
    """Of its date; the plan's first month for older ones."""
    fields: Mapping[str, FieldValue]


class Entries:
    """All entries of the demonstration up to the figures' last month."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._made: dict[str, list[Entry]] = {}

    def all(self) -> list[Entry]:
        """Parents before what belongs to them."""
        scripts = self._figures.script.registers
        ordered = sorted(scripts, key=lambda code: bool(scripts[code][0].parent))
        return [entry for code in ordered for entry in self.of(code)]

    def of(self, register: str) -> list[Entry]:
        """The entries of one register, made once."""
        if register not in self._made:
            schema = self._figures.catalogue.registers[register]
            self._made[register] = [
                entry
                for number, script in enumerate(self._figures.script.registers[register])
                for entry in self._invent(schema, script, number)
            ]
        return self._made[register]

    def _invent(self, schema: RegisterSchema, script: RegisterScript, number: int) -> Iterator[Entry]:
        chance = self._figures.chance("entries", schema.code, number)
        if script.parent:
            yield from self._of_parents(schema, script, chance)
            return
        units = self._units(script)
        numbers = dict.fromkeys((unit.code for unit in units), 0)
        planned = sorted(self._dates(script, units, chance), key=lambda each: (each[0].code, each[1]))
        rooms = self._rooms(schema, script, planned)
        for unit, day in planned:
            numbers[unit.code] += 1
            fields = self._fields(schema, script, unit, day, numbers[unit.code], chance)
            if script.capped:
                fields[script.capped[0]] = rooms[unit.code]
            yield self._entry(schema, unit.code, day, fields, chance)

    def _units(self, script: RegisterScript) -> list[OrgUnit]:
        units = self._figures.catalogue.units.values()
        if script.kinds:
            return [unit for unit in units if unit.kind in {UnitKind(kind) for kind in script.kinds}]
        return [unit for unit in units if unit.level is Level.VILLAGE]

    def _dates(
        self, script: RegisterScript, units: Sequence[OrgUnit], chance: random.Random
    ) -> Iterator[tuple[OrgUnit, dt.date]]:
        """Who gets an entry that begins when."""
        if script.indicator:
            yield from self._following(script.indicator, units, chance)
        begins = self._coverage(script.share_of, units, chance) if script.share_of else None
        for unit in units:
            first = begins.get(unit.code) if begins is not None else self._before_the_plan(chance)
            if first is None:
                continue
            for number in range(chance.randint(*script.each)):
                later = 0 if number == 0 else chance.randint(0, 400)
                day = first + dt.timedelta(days=later)
                if day <= self._figures.last.last_day:
                    yield unit, day

    def _following(
        self, indicator: str, units: Sequence[OrgUnit], chance: random.Random
    ) -> Iterator[tuple[OrgUnit, dt.date]]:
        plan, by_code = self._figures.catalogue.indicators[indicator], {unit.code: unit for unit in units}
        element = self._figures.catalogue.elements[plan.elements[0]]
        weights = {c: w for c, w in self._figures.weights(element).items() if c in by_code}
        events = self._figures.events(weights, f"entries {indicator}")
        dealt = 0
        for month in self._figures.months():
            total = round(self._figures.total(indicator, month))
            while dealt < total:
                yield by_code[next(events)], self._day_in(month, chance)
                dealt += 1

    def _coverage(self, indicator: str, units: Sequence[OrgUnit], chance: random.Random) -> dict[str, dt.date]:
        """The day from which each unit is covered, so that the indicator's share of its scope is."""
        plan = self._figures.catalogue.indicators[indicator]
        scope = [unit for unit in units if unit.kind in plan.scope_kinds]
        ranked = self._figures.order(indicator, scope)
        begins: dict[str, dt.date] = {}
        before = 0
        for month in self._figures.months():
            count = round(self._figures.level(indicator, month) * len(scope) / 100)
            for unit in ranked[before:count]:
                begun = month is not self._figures.first
                begins[unit.code] = self._day_in(month, chance) if begun else self._before_the_plan(chance)
            before = max(before, count)
        return begins

    def _rooms(
        self, schema: RegisterSchema, script: RegisterScript, planned: Sequence[tuple[OrgUnit, dt.date]]
    ) -> dict[str, Decimal]:
        """What each entry of a unit may hold of the capped number."""
        if script.capped is None:
            return {}
        _, element = script.capped
        counts: dict[str, int] = {}
        for unit, _ in planned:
            counts[unit.code] = counts.get(unit.code, 0) + 1
        whole = self._figures.of(element)
        rooms: dict[str, Decimal] = {}
        for code, count in counts.items():
            limit = whole.get(CellRef(code, element, self._figures.first))
            share = self._figures.chance(schema.code, "capped", code).uniform(0.8, 0.97)
            rooms[code] = Decimal(int(float(limit.number or 0) * share) // count if limit else 0)
        return rooms

    def _of_parents(self, schema: RegisterSchema, script: RegisterScript, chance: random.Random) -> Iterator[Entry]:
        """One every so many months for each entry of the parent register."""
        for parent in self.of(script.parent):
            if any(str(parent.fields.get(name)) not in wanted for name, wanted in script.fields_of_parent.items()):
                continue
            offset = chance.randrange(script.every)
            for number, month in enumerate(self._figures.months()):
                if number % script.every == offset and month > parent.month:
                    day = self._day_in(month, chance)
                    unit = self._figures.catalogue.units[parent.unit]
                    fields = self._fields(schema, script, unit, day, number, chance)
                    yield self._entry(schema, parent.unit, day, {**fields, script.parent_field: parent.id}, chance)

    def _entry(
        self, schema: RegisterSchema, unit: str, day: dt.date, fields: Mapping[str, FieldValue], chance: random.Random
    ) -> Entry:
        month = max(self._figures.first, Period.month(max(day.year, 2000), day.month))
        return Entry(schema.code, str(uuid.UUID(int=chance.getrandbits(128), version=4)), unit, month, fields)

    def _fields(
        self,
        schema: RegisterSchema,
        script: RegisterScript,
        unit: OrgUnit,
        day: dt.date,
        number: int,
        chance: random.Random,
    ) -> dict[str, FieldValue]:
        made: dict[str, FieldValue] = {script.date: day}
        for name, how in script.fields.items():
            wanted = all(str(made.get(other)) in contents for other, contents in how.only.items())
            content = self._content(schema.field(name), how, made, unit, number, chance) if wanted else None
            if content is not None:
                made[name] = content
        return made

    def _content(
        self,
        field: RegisterField,
        how: FieldScript,
        made: Mapping[str, FieldValue],
        unit: OrgUnit,
        number: int,
        chance: random.Random,
    ) -> FieldValue:
        if how.choice is not None:
            return chance.choices(list(how.choice), list(how.choice.values()))[0] or None
        if how.number is not None:
            decimals = field.decimals if field.type is FieldType.DECIMAL else 0
            return Decimal(chance.uniform(*how.number)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
        if how.person:
            script = self._figures.script
            return chance.choice(script.surnames) + "".join(
                chance.choices(script.given_names, k=chance.choice((1, 2, 2)))
            )
        if how.door:
            return f"{chance.choice('东南西北')}{chance.choice('浜圩埭港')}{number}号"
        if how.days_after is not None:
            other, low, high = how.days_after
            day = made.get(other)
            later = day + dt.timedelta(days=chance.randint(low, high)) if isinstance(day, dt.date) else None
            return later if later is not None and later <= self._figures.last.last_day else None
        return how.text.format(unit=unit.name.removesuffix("村委会"), n=number) or None

    def _day_in(self, month: Period, chance: random.Random) -> dt.date:
        return month.first_day + dt.timedelta(days=chance.randrange(month.last_day.day))

    def _before_the_plan(self, chance: random.Random) -> dt.date:
        return self._figures.first.first_day - dt.timedelta(days=chance.randint(30, 365 * YEARS_BEFORE))
