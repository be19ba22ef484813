"""Invented figures for the measurements: unremarkable values that pass the catalogues' checks.

Nothing here wants to be true; it wants to be as much and as varied as what an office really holds. The same call
gives the same figures.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from decimal import Decimal

from xzdesk.core.model import NOT_APPLICABLE, Catalogue, CellRef, DataElement, DataValue, ElementType, Measure, OrgUnit
from xzdesk.core.periods import Period

ORDINARY: Mapping[str, tuple[int, int]] = {
    "agritourism_revenue": (8, 60),
    "culture_trainees": (5, 20),
    "operating_income": (20, 60),
    "collective_income": (70, 120),
    "collective_assets": (900, 6000),
    "electrified_new": (0, 0),
    "citizenised": (10, 60),
    "skill_trainees": (80, 200),
    "standard_land": (20, 200),
    "nursery_places": (150, 400),
    "resident_population": (60_000, 110_000),
    "households": (2000, 4000),
    "places": (100, 200),
    "residents": (20_000, 60_000),
    "output": (5000, 9000),
    "income": (20, 60),
    "assets": (900, 6000),
}
"""Where an element's figures lie, where the general case would not pass the checks."""

WITHOUT = frozenset({"waste_demo_new"})
"""Elements that every fifth unit states as 不适用."""


def values(
    catalogue: Catalogue, units: Sequence[OrgUnit], months: Sequence[Period], given: Mapping[tuple[str, str], int]
) -> dict[CellRef, DataValue]:
    """Every cell that ``units`` fill in by hand in ``months``: monthly ones, and others where their period ends.

    In the plan's first month the 期初数 too. ``given``: figures that the registers call for, by unit and element.
    """
    found: dict[CellRef, DataValue] = {}
    baseline = Period.of_year(catalogue.baseline_year)
    begins = Period.month(catalogue.first_year, 1) in months
    for element in catalogue.elements.values():
        periods = [p for month in months if (p := month.latest(element.frequency)).last_month == month.last_month]
        for unit in units:
            if not element.asks(unit):
                continue
            if element.baseline and begins:
                found[CellRef(unit.code, element.code, baseline)] = DataValue.of(0)
            if (unit.code, element.code) in given:
                steady = DataValue.of(given[unit.code, element.code])
                found |= {CellRef(unit.code, element.code, period): steady for period in periods}
            elif element.derivation is None:
                found |= _column(element, unit.code, periods)
    return found


def _column(element: DataElement, unit: str, periods: Sequence[Period]) -> dict[CellRef, DataValue]:
    """A stock stays as it is, so that no check asks about a jump; a flow moves a little."""
    chance = random.Random(f"{element.code} {unit}")
    if element.code in WITHOUT and chance.random() < 0.2:
        return {CellRef(unit, element.code, period): NOT_APPLICABLE for period in periods}
    if not element.numeric:
        chosen = DataValue.of(_choice(element, chance))
        return {CellRef(unit, element.code, period): chosen for period in periods}
    figure = chance.uniform(*ORDINARY.get(element.code, (0, 1)))
    found = {}
    for period in periods:
        moved = random.Random(f"{figure} {period}").uniform(0.9, 1.1) if element.measure is Measure.FLOW else 1
        found[CellRef(unit, element.code, period)] = DataValue.of(round(Decimal(figure * moved), element.decimals))
    return found


def _choice(element: DataElement, chance: random.Random) -> str:
    if element.type is ElementType.BOOLEAN:
        return "no" if element.code == "future_village" else chance.choice(("yes", "no"))
    return chance.choice([stored for stored, _ in element.choices])
