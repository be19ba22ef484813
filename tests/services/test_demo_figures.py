"""Invented figures land where the script says, and never contradict themselves."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import msgspec
import pytest

from xzdesk.core.model import Catalogue, CellRef
from xzdesk.core.periods import Period
from xzdesk.services.demo.entries import Entries
from xzdesk.services.demo.figures import Figures
from xzdesk.services.demo.script import Script

SCRIPT = {
    "office_of_villages": "990101101",
    "late": "990101001",
    "explanation": "演示数据按季节波动编写，已与村级台账逐户核对",
    "surnames": "沈陆",
    "given_names": "明芳",
    "attain": {"default": 1.0},
    "start": {"default": 0.5},
    "pace": {"990101101": 1.05},
    "mistakes": [],
    "elements": {
        "households": {"level": {"low": 200, "high": 400, "growth": 0.01}},
        "clean_village": {"reach": {"levels": [["1", "yes"]], "others": [["no", 1.0]]}},
        "grade": {"reach": {"levels": [["5b", "A"]], "others": [["none", 1.0]]}},
        "trainees": {"follow": {"indicator": "7"}},
        "factories": {"follow": {"indicator": "6"}},
        "output": {"follow": {"indicator": "14"}},
        "income": {"part": {"of": "assets", "indicator": "2", "threshold": 50, "share": 0.1}},
        "assets": {"level": {"low": 600, "high": 900}},
        "residents": {"level": {"low": 20000, "high": 40000}},
        "places": {"per": {"indicator": "10", "of": "residents"}},
        "income_ratio": {"yearly": {"values": ["1.60", "1.58"]}},
    },
    "registers": {
        "well": [
            {
                "date": "built_on",
                "indicator": "8",
                "fields": {
                    "name": {"text": "{unit}{n}号井"},
                    "kind": {"choice": {"集中": 1.0}},
                    "households": {"number": [10, 20]},
                    "keeper": {"person": True},
                    "state": {"choice": {"正常": 1.0}},
                },
            }
        ],
        "well_test": [
            {
                "date": "sampled_on",
                "parent": "well",
                "parent_field": "well",
                "every": 3,
                "fields": {"passed": {"choice": {"yes": 0.9, "no": 0.1}}},
            }
        ],
    },
}
LAST = Period.month(2025, 8)


@pytest.fixture(scope="module")
def figures(tiny: Catalogue) -> Figures:
    return Figures(tiny, msgspec.convert(SCRIPT, Script), LAST, seed=7)


def numbers(figures: Figures, element: str, period: Period) -> list[Decimal]:
    cells = figures.of(element)
    return [value.number or Decimal(0) for ref, value in cells.items() if ref.period is period]


def test_a_flow_of_the_year_reaches_the_years_target(figures: Figures) -> None:
    """Indicator 7: 300 人次 in 2024, all of it by December; a third of 2026's target after April 2025."""
    year = [sum(numbers(figures, "trainees", m)) for m in Period.month(2024, 12).of_year_so_far()]
    assert sum(year) == 300
    assert max(year) - min(year) <= 1
    cells = figures.of("trainees")
    assert all(value.number is not None and value.number >= 0 for value in cells.values())


def test_a_stock_stands_on_the_line_between_targets(figures: Figures) -> None:
    """Indicator 6: 3 at the end of 2024, 4 at the end of 2026; halfway through 3.5, rounded to even."""
    assert sum(numbers(figures, "factories", Period.month(2024, 12))) == 3
    assert sum(numbers(figures, "factories", LAST)) == 3


def test_as_many_villages_meet_a_condition_as_the_share_says(figures: Figures) -> None:
    """Indicator 1: 40 % of the five villages at the end of 2024 are two."""
    cells = figures.of("clean_village")
    met = [ref for ref, value in cells.items() if ref.period is Period.month(2024, 12) and value.choice == "yes"]
    assert len(met) == 2
    units = figures.catalogue.units
    assert {units[ref.unit].kind.value for ref in met} == {"village"}


def test_who_met_a_condition_keeps_meeting_it(figures: Figures) -> None:
    cells = figures.of("grade")
    for unit in {ref.unit for ref in cells}:
        line = [cells[CellRef(unit, "grade", month)].choice == "A" for month in figures.months()]
        assert line == sorted(line)


def test_entries_follow_their_indicator_and_belong_together(figures: Figures) -> None:
    """Indicator 8: 5 wells before the plan (start 0.5 of 10) and 10 at the end of 2024."""
    entries = Entries(figures)
    wells = entries.of("well")
    by_2024 = [w for w in wells if w.month.year == 2024]
    assert len(by_2024) == 5
    assert all(isinstance(w.fields["built_on"], dt.date) and w.fields["built_on"] <= LAST.last_day for w in wells)
    ids = {w.id: w for w in wells}
    assert len(ids) == len(wells)
    tests = entries.of("well_test")
    assert tests
    assert all(ids[str(t.fields["well"])].unit == t.unit for t in tests)


def test_the_same_seed_gives_the_same_and_another_another(tiny: Catalogue, figures: Figures) -> None:
    script = msgspec.convert(SCRIPT, Script)
    again, other = Figures(tiny, script, LAST, seed=7), Figures(tiny, script, LAST, seed=8)
    assert again.all() == figures.all()
    assert Entries(again).all() == Entries(figures).all()
    assert other.all() != figures.all()
