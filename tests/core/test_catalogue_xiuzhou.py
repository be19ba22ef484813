"""秀洲区's own catalogue: it says what the published plan says, character for character, and no code knows it."""

import csv
import hashlib
import io
import re
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from xzdesk import paths
from xzdesk.core.catalogue import parse
from xzdesk.core.model import Catalogue, FormulaKind, Level, Severity, UnitKind
from xzdesk.services.catalogue_files import DEFAULT, load, read_folder

FOLDER = paths.seed(DEFAULT)
PUBLISHED = {
    "plan_annex.csv": "50d0880487a519b498874f3d3a3cccee041f920eadc35fc3192bafa08a9142e4",
    "plan_body.csv": "4f23cb29b810f321d9b66c41ab56f0d55c9a46894629aa157471ddeff529d82d",
}
"""SHA-256 of the tables as they were taken from the published document."""


@pytest.fixture(scope="module")
def xiuzhou() -> Catalogue:
    return load()


@pytest.fixture(scope="module")
def printed() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((FOLDER / "plan_annex.csv").read_text(encoding="utf-8"))))


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_the_published_tables_are_untouched(name: str) -> None:
    content = (FOLDER / name).read_bytes().replace(b"\r\n", b"\n")
    assert hashlib.sha256(content).hexdigest() == PUBLISHED[name]


def test_every_annex_row_is_as_printed(xiuzhou: Catalogue, printed: list[dict[str, str]]) -> None:
    rows = [
        {
            "number": str(row.number),
            "category": row.category,
            "track": row.track,
            "task": row.task,
            "unit": row.unit,
            **{f"target_{year}": text for year, text in zip(xiuzhou.target_years, row.targets, strict=True)},
            "responsible_units": row.responsible_units,
        }
        for row in xiuzhou.annex
    ]
    assert rows == printed
    assert len(rows) == 39
    assert set(range(1, 44)) - {row.number for row in xiuzhou.annex} == {32, 34, 36, 42}


def test_every_target_puts_the_printed_cell_together_again(xiuzhou: Catalogue, printed: list[dict[str, str]]) -> None:
    texts = {(target.indicator, target.year): target.text for target in xiuzhou.targets}
    for row in printed:
        codes = [i.code for i in xiuzhou.indicators.values() if i.annex_number == int(row["number"])]
        for year in (2023, 2025, 2027):
            assert "/".join(texts[code, year] for code in codes) == row[f"target_{year}"]


def test_every_figure_of_a_target_is_the_printed_one(xiuzhou: Catalogue) -> None:
    for target in xiuzhou.targets:
        if re.fullmatch(r"[0-9.]+%?", target.text):
            assert target.value == Decimal(target.text.rstrip("%"))
        else:
            assert target.value is None


def test_there_are_43_indicators(xiuzhou: Catalogue) -> None:
    per_row = Counter(i.annex_number for i in xiuzhou.indicators.values())
    assert per_row.pop(None) == 1
    assert {number for number, count in per_row.items() if count == 2} == {5, 11, 14}
    assert sum(per_row.values()) == 42
    (of_the_text,) = (i for i in xiuzhou.indicators.values() if i.annex_number is None)
    assert of_the_text.name == "农村生活污水出水水质达标率"
    assert [(t.year, t.value) for t in xiuzhou.targets if t.indicator == of_the_text.code] == [(2027, Decimal(98))]
    assert {i.kind for i in xiuzhou.indicators.values()} == set(FormulaKind)


def test_no_target_in_2027_for_rows_17_and_29(xiuzhou: Catalogue) -> None:
    numbers = {code: indicator.annex_number for code, indicator in xiuzhou.indicators.items()}
    assert {(numbers[t.indicator], t.year) for t in xiuzhou.targets if t.text == "-"} == {(17, 2027), (29, 2027)}


def by_number(catalogue: Catalogue, number: int) -> list[str]:
    return [code for code, indicator in catalogue.indicators.items() if indicator.annex_number == number]


def test_the_targets_in_words_are_compared(xiuzhou: Catalogue) -> None:
    (growth,), (ratio,) = by_number(xiuzhou, 3), by_number(xiuzhou, 4)
    assert xiuzhou.elements[xiuzhou.indicators[growth].compare_element].level is Level.DISTRICT
    assert xiuzhou.indicators[growth].tolerance == Decimal("0.5")
    assert xiuzhou.indicators[ratio].limit == Decimal("1.55")
    assert not xiuzhou.indicators[ratio].higher_is_better
    words = {(t.indicator, t.text) for t in xiuzhou.targets if t.value is None and t.text != "-"}
    assert words == {(growth, "与经济增长基本同步"), (ratio, "1.50左右")}


def test_row_7_is_asked_of_the_two_towns_that_the_plan_names(xiuzhou: Catalogue) -> None:
    (code,) = by_number(xiuzhou, 7)
    scope = xiuzhou.indicators[code].scope_units
    assert sorted(xiuzhou.units[unit].name for unit in scope) == ["新塍镇", "油车港镇"]
    for element in xiuzhou.indicators[code].elements:
        assert sorted(xiuzhou.elements[element].units) == sorted(scope)


@pytest.mark.parametrize(("number", "scale"), [(13, Fraction(1, 10000)), (18, Fraction(100)), (41, Fraction(1000))])
def test_scales_bring_the_elements_into_the_plans_unit(xiuzhou: Catalogue, number: int, scale: Fraction) -> None:
    (code,) = by_number(xiuzhou, number)
    assert xiuzhou.indicators[code].scale == scale


def test_the_annual_rows_have_no_carry_over(xiuzhou: Catalogue) -> None:
    annual = {i.annex_number for i in xiuzhou.indicators.values() if i.annual}
    assert {16, 17, 38, 39} <= annual


def test_row_18_is_a_share_of_villages_and_row_24_of_communities_too(xiuzhou: Catalogue) -> None:
    (sewage,), (clean,) = by_number(xiuzhou, 18), by_number(xiuzhou, 24)
    assert xiuzhou.indicators[sewage].scope_kinds == {UnitKind.VILLAGE}
    assert xiuzhou.indicators[clean].scope_kinds == {UnitKind.VILLAGE, UnitKind.COMMUNITY}


def test_the_lead_is_the_first_of_the_responsible_units(xiuzhou: Catalogue) -> None:
    rows = {row.number: row for row in xiuzhou.annex}
    for indicator in xiuzhou.indicators.values():
        if indicator.annex_number is not None:
            assert rows[indicator.annex_number].responsible_units.startswith(indicator.lead)


def test_the_goals_of_the_text(xiuzhou: Catalogue) -> None:
    assert len(xiuzhou.body_goals) == 55
    differing = [goal.annex_number for goal in xiuzhou.body_goals if goal.relation.startswith("differs")]
    assert sorted(filter(None, differing)) == [13, 16, 19, 25, 28]


def test_the_units(xiuzhou: Catalogue) -> None:
    kinds = Counter(unit.kind for unit in xiuzhou.units.values())
    assert kinds == {
        UnitKind.DISTRICT: 1,
        UnitKind.TOWN: 5,
        UnitKind.SUBDISTRICT: 4,
        UnitKind.VILLAGE: 113,
        UnitKind.COMMUNITY: 57,
    }
    assert all(len(unit.code) == 12 for unit in xiuzhou.units.values() if unit.level is Level.VILLAGE)
    assert all(unit.code.startswith(unit.parent) for unit in xiuzhou.units.values())


def test_elements_registers_and_rules(xiuzhou: Catalogue) -> None:
    assert 45 <= len(xiuzhou.elements) <= 65
    assert set(xiuzhou.registers) == {
        "sewage_facility",
        "water_test",
        "model_courtyard",
        "idle_farmhouse",
        "major_project",
    }
    assert len(xiuzhou.rules) >= 40
    assert {rule.severity for rule in xiuzhou.rules} == set(Severity)
    assert {rule.level for rule in xiuzhou.rules} == {*Level, None}


@pytest.mark.parametrize(
    ("register", "field"),
    [
        ("sewage_facility", "operator"),
        ("model_courtyard", "household_head"),
        ("model_courtyard", "door_number"),
        ("idle_farmhouse", "owner"),
        ("idle_farmhouse", "location"),
        ("idle_farmhouse", "operator"),
    ],
)
def test_what_is_personal_is_marked(xiuzhou: Catalogue, register: str, field: str) -> None:
    assert xiuzhou.registers[register].field(field).personal


def test_a_village_is_asked_less_than_a_page(xiuzhou: Catalogue) -> None:
    """One page a month: what a village types itself, without what its registers tell."""
    typed = [e for e in xiuzhou.elements.values() if e.level is Level.VILLAGE and e.derivation is None]
    assert len(typed) <= 25


def test_reading_again_gives_the_same_catalogue(xiuzhou: Catalogue) -> None:
    again = parse(read_folder(FOLDER))
    assert again == xiuzhou
    assert again.digest == xiuzhou.digest


def test_no_code_knows_the_district(xiuzhou: Catalogue) -> None:
    """Another district replaces the catalogue and nothing else; only the program's title names this one."""
    names = {unit.name for unit in xiuzhou.units.values()} | {unit.code for unit in xiuzhou.units.values()}
    names |= {
        "秀洲",
        "嘉兴",
        xiuzhou.district.code,
        *(name.removesuffix("镇") for name in names if name.endswith("镇")),
    }
    package = Path(paths.__file__).parent
    found = {}
    for path in package.rglob("*.py"):
        text = path.read_text(encoding="utf-8").replace("秀洲乡村台账", "")
        found[path.name] = sorted(name for name in names if name in text)
    assert {path: known for path, known in found.items() if known} == {}
