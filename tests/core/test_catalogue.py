"""What a catalogue's texts become, on the fictitious district of ``tests/data/tiny``."""

import datetime as dt
import hashlib
import json
from decimal import Decimal
from fractions import Fraction

from xzdesk.core.catalogue import FILES, digest_of, parse
from xzdesk.core.model import (
    YES_NO,
    Aggregate,
    BodyGoal,
    Catalogue,
    DataElement,
    Derivation,
    ElementType,
    FieldType,
    FormulaKind,
    Level,
    Measure,
    OrgUnit,
    RegisterField,
    Rule,
    Severity,
    Target,
    UnitEvent,
    UnitEventKind,
    UnitKind,
)
from xzdesk.core.periods import Period, PeriodKind


def test_the_plan_and_its_years(tiny: Catalogue) -> None:
    assert (tiny.id, tiny.version, tiny.plan_title) == ("yunxi", 3, "云溪区乡村建设实施方案（2024-2028年）")
    assert (tiny.baseline_year, tiny.first_year, tiny.last_year, tiny.due_day) == (2023, 2024, 2028, 5)
    assert tiny.target_years == (2024, 2026, 2028)
    assert tiny.tracks == ("生态宜居", "乡村产业", "富民增收")
    assert tiny.settings == {"office_name": "云溪区乡村振兴专班办公室", "phone": "0000-0000000"}


def test_units_and_their_tree(tiny: Catalogue) -> None:
    assert tiny.district == OrgUnit("990101", "云溪区", UnitKind.DISTRICT, "")
    assert [unit.name for unit in tiny.children("990101")] == ["松风街道", "临溪镇"]
    assert [unit.kind for unit in tiny.children("990101001")] == [UnitKind.COMMUNITY, UnitKind.VILLAGE]


def test_unit_events(tiny: Catalogue) -> None:
    assert tiny.events == (
        UnitEvent(UnitEventKind.RENAMED, "990101101203", Period.month(2024, 7), name="石头村"),
        UnitEvent(UnitEventKind.MERGED, "990101101204", Period.month(2025, 1), into="990101101202"),
    )


def test_an_entered_element(tiny: Catalogue) -> None:
    assert tiny.elements["income"] == DataElement(
        code="income",
        name="经营性收入",
        unit="万元",
        type=ElementType.DECIMAL,
        decimals=2,
        measure=Measure.FLOW,
        level=Level.VILLAGE,
        frequency=PeriodKind.QUARTER,
        track="富民增收",
        definition="本季村集体经营性收入。",
        minimum=Decimal(-1000),
        maximum=Decimal(10000),
        unit_kinds=frozenset({UnitKind.VILLAGE}),
    )
    assert not tiny.elements["trees"].required
    assert tiny.elements["trees"].cumulative
    assert tiny.elements["brand_town"].units == ("990101101",)


def test_choices(tiny: Catalogue) -> None:
    assert tiny.elements["grade"].choices == (("none", "未评定"), ("A", "A级"), ("AA", "AA级"))
    assert tiny.elements["clean_village"].choices == YES_NO
    assert tiny.elements["households"].choices == ()


def test_a_derived_element(tiny: Catalogue) -> None:
    assert tiny.elements["households_served"].derivation == Derivation(
        "well", Aggregate.SUM, 'built_on <= period_end and state == "正常"', "households"
    )
    assert tiny.elements["wells"].baseline


def test_reports_are_elements_of_a_level_and_frequency(tiny: Catalogue) -> None:
    assert [e.code for e in tiny.elements_of(Level.TOWN, PeriodKind.QUARTER)] == ["output", "places", "residents"]


def test_register_fields(tiny: Catalogue) -> None:
    well = tiny.registers["well"]
    assert (well.title, well.duplicate_key, well.label) == ("供水点", ("name",), ("name",))
    assert well.field("capacity") == RegisterField(
        "capacity",
        "设计供水能力",
        FieldType.DECIMAL,
        unit="吨/日",
        decimals=1,
        minimum=Decimal(0),
        maximum=Decimal("9999.5"),
    )
    assert well.field("built_on").minimum == dt.date(1980, 1, 1)
    assert well.field("kind").choices == ("集中", "单户")
    assert well.field("name").required
    assert well.field("name").max_length == 60
    assert well.field("keeper").personal
    assert well.field("old_number").hidden


def test_a_foreign_key_is_a_reference(tiny: Catalogue) -> None:
    assert tiny.registers["well_test"].field("well").references == "well"
    assert list(tiny.registers) == ["well", "well_test"]


def test_rules(tiny: Catalogue) -> None:
    by_code = {rule.code: rule for rule in tiny.rules}
    assert by_code["households_jump"] == Rule(
        "households_jump",
        Severity.SOFT,
        "abs(households - prev(households)) <= 0.2 * prev(households)",
        ("households",),
        "户籍户数 {households} 户与上期相差两成以上。",
        "请核对；属实的写明原因。",
        Level.VILLAGE,
        PeriodKind.MONTH,
    )
    assert (by_code["test_after_built"].register, by_code["test_after_built"].level) == ("well_test", None)
    assert len(by_code) == 16


def test_every_kind_of_formula_is_there(tiny: Catalogue) -> None:
    assert {indicator.kind for indicator in tiny.indicators.values()} == set(FormulaKind)


def test_an_indicator(tiny: Catalogue) -> None:
    places = tiny.indicators["10"]
    assert (places.elements, places.denominators, places.scale) == (("places",), ("residents",), Fraction(1000))
    assert places.scope_kinds == {UnitKind.TOWN, UnitKind.SUBDISTRICT}
    assert tiny.indicators["5a"].scale == Fraction(1, 10000)
    assert tiny.indicators["9"].scope_units == ("990101101",)
    assert (tiny.indicators["3"].compare_element, tiny.indicators["3"].tolerance) == ("gdp_growth", Decimal("0.5"))
    assert (tiny.indicators["4"].limit, tiny.indicators["4"].higher_is_better) == (Decimal("1.65"), False)
    assert tiny.indicators["pass_rate"].annex_number is None


def test_targets_of_figures_words_and_none(tiny: Catalogue) -> None:
    found = {(target.indicator, target.year): target for target in tiny.targets}
    assert found["11", 2024] == Target("11", "990101", 2024, Decimal(80), "80%")
    assert found["5a", 2026] == Target("5a", "990101", 2026, Decimal("4.5"), "4.5")
    assert found["5b", 2026] == Target("5b", "990101", 2026, Decimal(2), "2")
    assert found["3", 2028] == Target("3", "990101", 2028, None, "与经济增长基本同步")
    assert found["7", 2028] == Target("7", "990101", 2028, None, "-")


def test_the_annex_is_kept_as_printed(tiny: Catalogue) -> None:
    row = tiny.annex[4]
    assert (row.number, row.targets, row.unit) == (5, ("2/1", "4.5/2", "6/3"), "亿元/个")
    assert row.responsible_units == "区农业局、区文旅局,各镇、街道"


def test_body_goals(tiny: Catalogue) -> None:
    assert tiny.body_goals[3] == BodyGoal("二(一)", "数字工厂", "8", "家", "2028", 6, "differs: annex 6")
    assert tiny.body_goals[2].annex_number is None


def test_ranking(tiny: Catalogue) -> None:
    assert tiny.ranking.weights == {"progress": 40, "increment": 30, "quality": 20, "timeliness": 10}
    assert tiny.ranking.indicator_weights["11"] == Decimal("1.5")
    assert "5a" not in tiny.ranking.indicator_weights
    assert (tiny.ranking.small_denominator, tiny.ranking.red_flags, tiny.ranking.snails) == (3, 1, 1)


def test_the_digest_is_that_of_the_canonical_json(tiny: Catalogue, tiny_files: dict[str, str]) -> None:
    text = json.dumps(tiny_files, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert tiny.digest == hashlib.sha256(text.encode()).hexdigest()
    assert tiny.files == tiny_files
    assert set(tiny_files) - set(FILES) == {"registers/well.json", "registers/well_test.json"}


def test_the_digest_does_not_depend_on_the_order_of_files(tiny: Catalogue, tiny_files: dict[str, str]) -> None:
    assert parse(dict(reversed(tiny_files.items()))) == tiny


def test_the_digest_depends_on_every_text(tiny_files: dict[str, str]) -> None:
    changed = {digest_of(tiny_files | {name: text + "\n"}) for name, text in tiny_files.items()}
    assert len(changed | {digest_of(tiny_files)}) == len(tiny_files) + 1


def test_windows_line_ends_are_read_alike(tiny: Catalogue, tiny_files: dict[str, str]) -> None:
    windows = parse({name: text.replace("\n", "\r\n") for name, text in tiny_files.items()})
    assert windows.elements == tiny.elements
    assert windows.rules == tiny.rules
    assert windows.annex == tiny.annex
