"""The checks of a month's values: what follows from the elements, what the catalogue's rules say, and how."""

import dataclasses
import datetime as dt
import itertools
import random
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xzdesk.core.catalogue import parse
from xzdesk.core.checks import check_values, describe, describe_field, fingerprint, make_finding
from xzdesk.core.lineage import Lineage
from xzdesk.core.model import (
    NOT_APPLICABLE,
    NOT_STARTED,
    YES_NO,
    Aggregate,
    Catalogue,
    CellRef,
    DataElement,
    DataValue,
    Derivation,
    ElementType,
    FieldType,
    Finding,
    Level,
    Measure,
    OrgUnit,
    RankingRules,
    RegisterField,
    RowRef,
    Rule,
    Scalar,
    Severity,
    UnitEvent,
    UnitEventKind,
    UnitKind,
)
from xzdesk.core.observations import Observations
from xzdesk.core.periods import Period, PeriodKind, period_range

DISTRICT = OrgUnit("1", "区", UnitKind.DISTRICT, "")
TOWN = OrgUnit("11", "东镇", UnitKind.TOWN, "1")
A = OrgUnit("1101", "甲村", UnitKind.VILLAGE, "11")
B = OrgUnit("1102", "乙村", UnitKind.VILLAGE, "11")
COMMUNITY = OrgUnit("1103", "丙社区", UnitKind.COMMUNITY, "11")
UNITS = (DISTRICT, TOWN, A, B, COMMUNITY)

INTEGER, DECIMAL, CHOICE, BOOLEAN = (
    ElementType.INTEGER,
    ElementType.DECIMAL,
    ElementType.CHOICE,
    ElementType.BOOLEAN,
)
GRADES = (("none", "未评定"), ("A", "A级"), ("AA", "AA级"))


def element(
    code: str,
    kind: ElementType = INTEGER,
    unit: str = "户",
    level: Level = Level.VILLAGE,
    frequency: PeriodKind = PeriodKind.MONTH,
    measure: Measure = Measure.STOCK,
    required: bool = False,
    **rest: object,
) -> DataElement:
    choices = {CHOICE: GRADES, BOOLEAN: YES_NO}.get(kind, ())
    decimals = 2 if kind is DECIMAL else 0
    made = DataElement(code, code.upper(), unit, kind, decimals, measure, level, frequency, "", "", choices)
    return dataclasses.replace(made, required=required, **rest)  # type: ignore[arg-type]


def rule(
    expression: str,
    marks: str = "x",
    level: Level = Level.VILLAGE,
    frequency: PeriodKind = PeriodKind.MONTH,
    message: str = "不对。",
) -> Rule:
    return Rule("the_rule", Severity.SOFT, expression, tuple(marks.split()), message, "请核对。", level, frequency)


def catalogue(
    elements: Iterable[DataElement], rules: Iterable[Rule] = (), events: Iterable[UnitEvent] = ()
) -> Catalogue:
    return Catalogue(
        id="small",
        title="",
        version=1,
        plan_title="",
        baseline_year=2022,
        first_year=2023,
        last_year=2027,
        target_years=(2023,),
        due_day=5,
        units={unit.code: unit for unit in UNITS},
        events=tuple(events),
        tracks=(),
        elements={each.code: each for each in elements},
        registers={},
        rules=tuple(rules),
        indicators={},
        targets=(),
        body_goals=(),
        annex=(),
        ranking=RankingRules({}, {}, 5, 1, 1),
    )


Cells = dict[tuple[OrgUnit, str, str], int | str | Decimal | DataValue]


def check(some: Catalogue, cells: Cells, month: str = "2026-10", units: Iterable[OrgUnit] = UNITS) -> list[Finding]:
    values = {
        CellRef(unit.code, code, Period.parse(period)): content
        if isinstance(content, DataValue)
        else DataValue.of(content)
        for (unit, code, period), content in cells.items()
    }
    observations = Observations.of(some.elements, values)
    lineage = Lineage(some.units, some.events)
    return check_values(some, observations, tuple(units), Period.parse(month), lineage)


def places(findings: Iterable[Finding]) -> list[tuple[str, str, str, str]]:
    found = []
    for finding in findings:
        assert isinstance(finding.place, CellRef)
        found.append((finding.rule, finding.unit, finding.place.element, str(finding.place.period)))
    return found


# --- rules that follow from the elements -------------------------------------------------------------------------


def test_what_is_required_and_empty_is_found_at_every_unit_that_is_asked() -> None:
    some = catalogue([element("x", required=True, unit_kinds=frozenset({UnitKind.VILLAGE})), element("y")])
    findings = check(some, {(A, "x", "2026-10"): 0})
    assert places(findings) == [("required", B.code, "x", "2026-10")]
    assert findings[0].severity is Severity.HARD
    assert findings[0].message == "没有填“X”。"
    assert findings[0].field == "x"
    assert "填 0" in findings[0].hint


@pytest.mark.parametrize("stated", [NOT_APPLICABLE, NOT_STARTED, DataValue.of(0)])
def test_a_stated_absence_and_zero_are_filled_in(stated: DataValue) -> None:
    some = catalogue([element("x", required=True)])
    assert check(some, {(A, "x", "2026-10"): stated}, units=[A]) == []


def test_only_the_units_that_an_element_names_are_asked() -> None:
    some = catalogue([element("x", required=True, units=(B.code,))])
    assert places(check(some, {})) == [("required", B.code, "x", "2026-10")]


def test_derived_elements_are_not_asked_of_anybody() -> None:
    derivation = Derivation("facility", Aggregate.COUNT, "1 == 1")
    assert check(catalogue([element("x", required=True, derivation=derivation)]), {}) == []


@pytest.mark.parametrize(
    ("month", "due"),
    [
        ("2026-10", ["m 2026-10"]),
        ("2026-09", ["m 2026-09", "q 2026Q3"]),
        ("2026-12", ["m 2026-12", "q 2026Q4", "y 2026"]),
    ],
)
def test_quarters_and_years_are_due_when_they_end(month: str, due: list[str]) -> None:
    some = catalogue(
        [
            element("m", required=True),
            element("q", required=True, frequency=PeriodKind.QUARTER),
            element("y", required=True, frequency=PeriodKind.YEAR),
        ]
    )
    findings = check(some, {}, month, [A])
    assert [f"{place[2]} {place[3]}" for place in places(findings)] == due
    assert {finding.period for finding in findings} == {Period.parse(month)}


def test_a_quarters_message_names_it() -> None:
    some = catalogue([element("q", required=True, frequency=PeriodKind.QUARTER)])
    assert check(some, {}, "2026-09", [A])[0].message == "没有填“Q”（2026年三季度）。"


def test_the_baseline_is_asked_in_the_first_month_only() -> None:
    derivation = Derivation("facility", Aggregate.COUNT, "1 == 1")
    some = catalogue([element("x", baseline=True, derivation=derivation, minimum=Decimal(1)), element("y")])
    findings = check(some, {}, "2023-01", [A])
    assert places(findings) == [("required", A.code, "x", "2022")]
    assert findings[0].message == "没有填“X”的期初数（2022年末）。"
    assert check(some, {}, "2023-02", [A]) == []
    assert places(check(some, {(A, "x", "2022"): 0}, "2023-01", [A])) == [("range", A.code, "x", "2022")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (Decimal("0.99"), "“X”为0.99万元，小于最小值1万元。"),
        (Decimal(1), None),
        (Decimal("10.5"), None),
        (Decimal("10.51"), "“X”为10.51万元，大于最大值10.5万元。"),
        (NOT_APPLICABLE, None),
    ],
)
def test_range(content: Decimal | DataValue, message: str | None) -> None:
    some = catalogue([element("x", DECIMAL, "万元", minimum=Decimal(1), maximum=Decimal("10.5"))])
    findings = check(some, {(A, "x", "2026-10"): content}, units=[A])
    assert [finding.message for finding in findings] == ([message] if message else [])
    assert {(finding.rule, finding.severity) for finding in findings} <= {("range", Severity.HARD)}


@pytest.mark.parametrize(
    ("kind", "content", "hint"),
    [
        (CHOICE, "AAA", "可选：未评定、A级、AA级。"),
        (CHOICE, "AA", None),
        (BOOLEAN, "maybe", "可选：是、否。"),
        (BOOLEAN, "no", None),
        (CHOICE, NOT_STARTED, None),
    ],
)
def test_choice(kind: ElementType, content: str | DataValue, hint: str | None) -> None:
    findings = check(catalogue([element("x", kind, "")]), {(A, "x", "2026-10"): content}, units=[A])
    assert [(finding.rule, finding.hint) for finding in findings] == ([("choice", hint)] if hint else [])


def test_a_text_where_a_number_belongs_and_the_reverse() -> None:
    some = catalogue([element("x"), element("y", CHOICE, "")])
    observations = Observations()
    observations.put("x", A.code, Period.parse("2026-10"), "五")
    observations.put("y", A.code, Period.parse("2026-10"), 5)
    findings = check_values(some, observations, [A], Period.parse("2026-10"), Lineage(some.units, ()))
    assert [finding.rule for finding in findings] == ["range", "choice"]


def test_a_cumulative_number_does_not_fall() -> None:
    some = catalogue([element("x", cumulative=True)])
    cells: Cells = {(A, "x", "2026-09"): 7, (A, "x", "2026-10"): 6}
    (finding,) = check(some, cells, units=[A])
    assert finding.rule == "cumulative"
    assert finding.severity is Severity.HARD
    assert finding.message == "“X”是累计数，只增不减：2026年9月为7户，本期为6户。"
    assert "更正" in finding.hint
    assert check(some, cells | {(A, "x", "2026-10"): 7}, units=[A]) == []
    assert check(some, cells | {(A, "x", "2026-09"): 6}, units=[A]) == []


def test_a_month_without_a_report_hides_no_fall() -> None:
    some = catalogue([element("x", cumulative=True)])
    cells: Cells = {(A, "x", "2026-07"): 7, (A, "x", "2026-08"): NOT_STARTED, (A, "x", "2026-10"): 6}
    (finding,) = check(some, cells, units=[A])
    assert "2026年7月为7户" in finding.message


def test_a_stated_absence_after_something_is_a_fall_to_nothing() -> None:
    some = catalogue([element("x", cumulative=True)])
    (finding,) = check(some, {(A, "x", "2026-09"): 7, (A, "x", "2026-10"): NOT_APPLICABLE}, units=[A])
    assert finding.message.endswith("2026年9月为7户，本期为不适用。")
    assert check(some, {(A, "x", "2026-09"): 0, (A, "x", "2026-10"): NOT_APPLICABLE}, units=[A]) == []


def test_the_first_period_of_a_stock_is_compared_with_its_baseline() -> None:
    cells: Cells = {(A, "x", "2022"): 7, (A, "x", "2023-01"): 6}
    stock = catalogue([element("x", cumulative=True, baseline=True)])
    (finding,) = check(stock, cells, "2023-01", [A])
    assert "2022年末为7户" in finding.message
    flow = catalogue([element("x", cumulative=True, baseline=True, measure=Measure.FLOW)])
    assert check(flow, cells, "2023-01", [A]) == []


@pytest.mark.parametrize(
    ("kind", "last", "now", "falls"),
    [
        (BOOLEAN, "yes", "no", True),
        (BOOLEAN, "no", "yes", False),
        (BOOLEAN, "yes", "yes", False),
        (CHOICE, "AA", "A", True),
        (CHOICE, "A", "AA", False),
        (CHOICE, "A", "none", True),
    ],
)
def test_cumulative_choices_are_ordered_as_they_are_offered(
    kind: ElementType, last: str, now: str, falls: bool
) -> None:
    some = catalogue([element("x", kind, "", cumulative=True)])
    findings = check(some, {(A, "x", "2026-09"): last, (A, "x", "2026-10"): now}, units=[A])
    assert [finding.rule for finding in findings] == ["cumulative"] * falls


# --- rules of the catalogue --------------------------------------------------------------------------------------


def holds(expression: str, cells: Cells, month: str = "2026-10", unit: OrgUnit = A) -> bool:
    elements = [
        element("x"),
        element("y"),
        element("b", baseline=True),
        element("f", measure=Measure.FLOW, baseline=True),
        element("money", DECIMAL, "万元"),
        element("grade", CHOICE, ""),
        element("q", frequency=PeriodKind.QUARTER),
        element("only_b", units=(B.code,)),
        element("villages_only", unit_kinds=frozenset({UnitKind.VILLAGE})),
        element("t", level=Level.TOWN),
    ]
    mark = "t" if unit is TOWN else "x"
    some = catalogue(elements, [rule(expression, mark, unit.level)])
    return "the_rule" not in {finding.rule for finding in check(some, cells, month, [unit])}


NOW, LAST = "2026-10", "2026-09"


@pytest.mark.parametrize(
    ("expression", "contents", "expected"),
    [
        ("x <= y", {("x", NOW): 3, ("y", NOW): 3}, True),
        ("x <= y", {("x", NOW): 4, ("y", NOW): 3}, False),
        ("x <= y", {("x", NOW): 4}, True),
        ("x <= y", {("x", NOW): 4, ("y", NOW): NOT_APPLICABLE}, True),
        ("not missing(y)", {}, False),
        ("not missing(y)", {("y", NOW): NOT_APPLICABLE}, True),
        ("not absent(y)", {("y", NOW): NOT_STARTED}, False),
        ("not absent(y)", {("y", NOW): 0}, True),
        ("not absent(y)", {}, True),
        ("x >= prev(x)", {("x", NOW): 1, ("x", LAST): 2}, False),
        ("x >= prev(x)", {("x", NOW): 1, ("x", LAST): NOT_STARTED}, True),
        ("x >= prev(x)", {("x", NOW): 1, ("x", "2026-08"): 2}, True),
        ("x >= last_year(x)", {("x", NOW): 1, ("x", "2025-10"): 2}, False),
        (
            "ytd(f) == 12",
            {("f", "2026-01"): 2, ("f", "2026-05"): NOT_STARTED, ("f", NOW): 10, ("f", "2025-12"): 5},
            True,
        ),
        ("ytd(f) > 0", {("f", NOW): NOT_STARTED}, False),
        ("ytd(f) > 0", {}, True),
        ("to_date(f) == 17", {("f", "2022"): 5, ("f", "2023-03"): 2, ("f", NOW): 10, ("f", "2026-11"): 99}, True),
        ("to_date(f) != 17", {("f", "2022"): 5, ("f", "2023-03"): 2, ("f", NOW): 10}, False),
        ('grade in ("A", "AA")', {("grade", NOW): "none"}, False),
        ('grade in ("A", "AA")', {("grade", NOW): "AA"}, True),
        ('grade in ("A", "AA")', {("grade", NOW): NOT_APPLICABLE}, True),
        ("money == 0.1 + 0.2", {("money", NOW): Decimal("0.3")}, True),
        ("money != 0.3", {("money", NOW): Decimal("0.30")}, False),
        ("q == 5", {("q", "2026Q3"): 4}, False),
        ("q >= prev(q)", {("q", "2026Q3"): 4, ("q", "2026Q2"): 5}, False),
        ("only_b == 5", {("only_b", NOW): 4}, True),
        ("missing(only_b) and 1 == 2", {}, False),
        ("not missing(only_b)", {}, True),
        ("not absent(only_b)", {}, True),
    ],
)
def test_what_a_rule_reads(
    expression: str, contents: dict[tuple[str, str], int | str | Decimal | DataValue], expected: bool
) -> None:
    cells: Cells = {(A, code, period): content for (code, period), content in contents.items()}
    assert holds(expression, cells) is expected


def test_before_the_first_month_stands_the_baseline_of_a_stock_but_not_of_a_flow() -> None:
    assert not holds("b >= prev(b)", {(A, "b", "2022"): 5, (A, "b", "2023-01"): 4}, "2023-01")
    assert holds("f >= prev(f)", {(A, "f", "2022"): 5, (A, "f", "2023-01"): 4}, "2023-01")
    assert holds("x >= prev(x)", {(A, "x", "2022-12"): 4, (A, "x", "2023-01"): 4}, "2023-01")


CHILDREN: Cells = {(TOWN, "t", NOW): 6, (A, "x", NOW): 4, (B, "x", NOW): 3, (COMMUNITY, "x", NOW): NOT_APPLICABLE}


@pytest.mark.parametrize(
    ("expression", "change", "expected"),
    [
        ("t == children(x)", {}, False),
        ("t == children(x)", {(TOWN, "t", NOW): 7}, True),
        ("t == children(x)", {(COMMUNITY, "x", NOW): 5}, False),
        ("t == children(y)", {}, True),
        ("t == children(villages_only)", {(A, "villages_only", NOW): 4, (B, "villages_only", NOW): 1}, False),
        ("t == children(villages_only)", {(A, "villages_only", NOW): 4}, True),
    ],
)
def test_the_sum_over_the_units_below_is_known_once_all_of_them_have_reported(
    expression: str, change: Cells, expected: bool
) -> None:
    assert holds(expression, CHILDREN | change, unit=TOWN) is expected


def test_one_missing_child_makes_the_sum_unknown() -> None:
    some = {key: content for key, content in CHILDREN.items() if key[0] is not COMMUNITY}
    assert holds("t == children(x)", some, unit=TOWN)


def test_rules_apply_to_their_level_their_frequency_and_who_is_asked() -> None:
    elements = [
        element("x", units=(A.code,)),
        element("t", level=Level.TOWN),
        element("q", frequency=PeriodKind.QUARTER),
    ]
    never = [
        rule("1 == 2 and missing(x)"),
        rule("1 == 2", "t", Level.TOWN),
        rule("1 == 2", "q", frequency=PeriodKind.QUARTER),
    ]
    some = catalogue(elements, never)
    assert places(check(some, {}, "2026-10")) == [
        ("the_rule", TOWN.code, "t", "2026-10"),
        ("the_rule", A.code, "x", "2026-10"),
    ]
    quarter = [place for place in places(check(some, {}, "2026-09")) if place[2] == "q"]
    assert quarter == [("the_rule", unit.code, "q", "2026Q3") for unit in (A, B, COMMUNITY)]


def test_register_rules_are_left_to_the_store() -> None:
    of_rows = Rule("rows", Severity.HARD, "1 == 2", ("name",), "", "", register="facility")
    assert check(catalogue([element("x")], [of_rows]), {}) == []


MERGER = (UnitEvent(UnitEventKind.MERGED, B.code, Period.parse("2026-06"), into=A.code),)


def test_a_merged_unit_is_asked_no_more_and_its_history_goes_on_in_the_other() -> None:
    some = catalogue(
        [element("x", required=True, cumulative=True), element("f", measure=Measure.FLOW)],
        [rule("x >= prev(x)", message="上期{prev(x)}。"), rule("ytd(f) == 7 and to_date(f) == 10", "f")],
        MERGER,
    )
    cells: Cells = {
        (A, "x", "2026-05"): 10,
        (B, "x", "2026-05"): 5,
        (A, "x", "2026-06"): 14,
        (A, "f", "2026-02"): 1,
        (B, "f", "2026-02"): 2,
        (B, "f", "2025-12"): 3,
        (B, "f", "2026-07"): 999,
        (A, "f", "2026-06"): 4,
    }
    findings = check(some, cells, "2026-06", [A, B])
    assert places(findings) == [("cumulative", A.code, "x", "2026-06"), ("the_rule", A.code, "x", "2026-06")]
    assert [finding.message for finding in findings] == [
        "“X”是累计数，只增不减：2026年5月为15户，本期为14户。",
        "上期15户。",
    ]
    assert check(some, cells | {(A, "x", "2026-06"): 15}, "2026-06", [A, B]) == []


def test_before_the_merger_both_stand_for_themselves() -> None:
    some = catalogue([element("x", required=True)], [], MERGER)
    assert [finding.unit for finding in check(some, {}, "2026-05", [A, B])] == [A.code, B.code]
    assert [finding.unit for finding in check(some, {}, "2026-06", [A, B])] == [A.code]


def test_the_last_period_of_a_merged_unit_is_unknown_while_one_part_is() -> None:
    some = catalogue([element("x")], [rule("x == prev(x)")], MERGER)
    assert check(some, {(A, "x", "2026-05"): 10, (A, "x", "2026-06"): 14}, "2026-06", [A]) == []


def test_messages_are_filled_with_figures_units_and_labels() -> None:
    elements = [element("x"), element("money", DECIMAL, "万元"), element("grade", CHOICE, ""), element("y")]
    message = "{x}，{money}，{grade}，{y}；上期{prev(x)}；单位不重复：{money} 万元，{x}户。"
    some = catalogue(elements, [rule('x + prev(x) == 0 and money == 0 and grade == "A" and y == 0', message=message)])
    cells: Cells = {
        (A, "x", NOW): 1200,
        (A, "x", LAST): 3,
        (A, "money", NOW): Decimal("2.50"),
        (A, "grade", NOW): "AA",
        (A, "y", NOW): NOT_STARTED,
    }
    (finding,) = check(some, cells, units=[A])
    assert finding.message == "1200户，2.5万元，AA级，未开展；上期3户；单位不重复：2.5 万元，1200户。"
    assert finding.severity is Severity.SOFT
    assert finding.hint == "请核对。"


def test_an_element_of_the_level_below_reads_as_its_sum() -> None:
    some = catalogue(
        [element("x"), element("t", level=Level.TOWN)],
        [rule("t >= children(x)", "t", Level.TOWN, message="{t}少于各村之和{x}。")],
    )
    (finding,) = check(some, CHILDREN, units=[TOWN])
    assert finding.message == "6户少于各村之和7户。"


def test_every_rule_of_a_real_catalogue_runs_and_says_a_whole_sentence() -> None:
    folder = Path(__file__).parents[1] / "data" / "tiny"
    texts = {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*.*")}
    some, chance = parse(texts), random.Random(3)
    observations = Observations()
    for each, unit in itertools.product(some.elements.values(), some.units.values()):
        for period in period_range(Period(each.frequency, 2024), Period.parse("2025-12")):
            if each.asks(unit):
                content = chance.randrange(100) if each.numeric else chance.choice(each.choices)[0]
                observations.put(each.code, unit.code, period, content)
    lineage = Lineage(some.units, some.events)
    findings = check_values(some, observations, tuple(some.units.values()), Period.parse("2025-12"), lineage)
    assert {finding.severity for finding in findings} == {Severity.HARD, Severity.SOFT}
    assert all(finding.message.endswith("。") and "{" not in finding.message for finding in findings)


def test_only_months_are_checked() -> None:
    with pytest.raises(ValueError, match="not a month"):
        check(catalogue([]), {}, "2026Q3")


# --- findings ----------------------------------------------------------------------------------------------------

PLACE = RowRef("facility", "00000000-0000-4000-8000-000000000000")
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-99, 99).map(Decimal),
    st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1)),
    st.sampled_from(["yes", "是", "", "None", "1", "True", "2024-01-01", "unknown"]),
)
READ = st.dictionaries(st.sampled_from(["a", "b", "prev(a)"]), SCALARS)


@given(READ, READ)
def test_the_fingerprint_is_of_the_values_read(one: dict[str, Scalar], other: dict[str, Scalar]) -> None:
    same = [(k, type(v), v) for k, v in sorted(one.items())] == [(k, type(v), v) for k, v in sorted(other.items())]
    assert (fingerprint("r", PLACE, one) == fingerprint("r", PLACE, other)) is same


def test_the_fingerprint_knows_rule_and_place_and_not_the_closing_zeros() -> None:
    cell = CellRef("1101", "x", Period.parse("2026-10"))
    prints = {
        fingerprint("r", PLACE, {}),
        fingerprint("s", PLACE, {}),
        fingerprint("r", RowRef("facility", "1"), {}),
        fingerprint("r", RowRef("house", PLACE.row), {}),
        fingerprint("r", cell, {}),
        fingerprint("r", dataclasses.replace(cell, period=Period.parse("2026-11")), {}),
        fingerprint("r", dataclasses.replace(cell, unit="1102"), {}),
    }
    assert len(prints) == 7
    assert fingerprint("r", cell, {"a": Decimal("1.50")}) == fingerprint("r", cell, {"a": Decimal("1.5")})
    assert fingerprint("r", cell, {"a": Decimal("-0")}) == fingerprint("r", cell, {"a": Decimal(0)})


def test_a_reason_lapses_when_a_value_that_was_read_changes_and_only_then() -> None:
    some = catalogue([element("x"), element("y"), element("z")], [rule("x <= y + prev(y)")])
    cells: Cells = {(A, "x", NOW): 9, (A, "y", NOW): 1, (A, "y", LAST): 2, (A, "z", NOW): 3}

    def print_of(changed: Cells) -> str:
        (finding,) = check(some, cells | changed, units=[A])
        return finding.fingerprint

    before = print_of({})
    assert print_of({(A, "z", NOW): 4}) == before
    assert len({before, print_of({(A, "x", NOW): 8}), print_of({(A, "y", NOW): 3}), print_of({(A, "y", LAST): 3})}) == 4


def test_a_register_rules_message_is_filled_from_what_was_read() -> None:
    of_rows = Rule(
        "late",
        Severity.HARD,
        "built_on <= period_end",
        ("built_on", "name"),
        "建成于{built_on}，{kind}，{done}，{n}。",
        "",
    )
    read: dict[str, Scalar] = {"built_on": dt.date(2026, 11, 3), "kind": "纳管", "done": "no", "n": None}
    finding = make_finding(of_rows, A.code, Period.parse("2026-10"), PLACE, read, {"kind": "{built_on}"})
    assert finding.message == "建成于2026年11月3日，{built_on}，否，未填。"
    assert (finding.field, finding.place, finding.unit) == ("built_on", PLACE, A.code)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (INTEGER, DataValue.of(1200), "1200户"),
        (DECIMAL, DataValue.of(Decimal("12.50")), "12.5户"),
        (DECIMAL, DataValue.of(Decimal("100")), "100户"),
        (DECIMAL, DataValue.of(Decimal("1E+3")), "1000户"),
        (DECIMAL, DataValue.of(Decimal("-0.00")), "0户"),
        (CHOICE, DataValue.of("AA"), "AA级"),
        (CHOICE, DataValue.of("gone"), "gone"),
        (BOOLEAN, DataValue.of("no"), "否"),
        (INTEGER, NOT_APPLICABLE, "不适用"),
        (CHOICE, NOT_STARTED, "未开展"),
    ],
)
def test_how_a_cell_reads(kind: ElementType, value: DataValue, text: str) -> None:
    assert describe(element("x", kind), value) == text


def test_how_a_field_reads() -> None:
    rent = RegisterField("rent", "租金", FieldType.DECIMAL, unit="元/年")
    name = RegisterField("name", "名称", FieldType.STRING)
    head = RegisterField("head", "户主", FieldType.STRING, personal=True)
    done = RegisterField("done", "是否", FieldType.BOOLEAN)
    assert describe_field(rent, Decimal("1200.00")) == "1200元/年"
    assert describe_field(name, "甲" * 41) == "甲" * 40 + "…"
    assert describe_field(name, None) == "未填"
    assert describe_field(done, "yes") == "是"
    assert "张三" not in describe_field(head, "张三")
