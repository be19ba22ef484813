"""Findings in register rows: the catalogue's rules, and what every schema demands by itself."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from xzdesk.core.errors import UserError
from xzdesk.core.model import Catalogue, Finding, RegisterRow, RowRef, Rule, Severity
from xzdesk.core.periods import Period
from xzdesk.store import registers, rules
from xzdesk.store.connect import Workspace

UPPER, LOWER = "990101101201", "990101101202"
OCTOBER = Period.month(2026, 10)
NOBODY = "00000000-0000-0000-0000-000000000001"


@pytest.fixture
def ws(office: Workspace, tiny: Catalogue) -> Workspace:
    registers.ensure_tables(office, tiny)
    return office


def add_well(ws: Workspace, tiny: Catalogue, name: str = "村口", unit: str = UPPER, **fields: Any) -> RegisterRow:
    plain = {
        "name": name,
        "kind": "集中",
        "capacity": Decimal("5.5"),
        "state": "正常",
        "built_on": dt.date(2024, 3, 8),
        "keeper": "沈阿大",
    }
    with ws.transaction("台账"):
        return registers.insert(ws, tiny.registers["well"], unit, {**plain, **fields})


def add_test(ws: Workspace, tiny: Catalogue, well: RegisterRow, **fields: Any) -> RegisterRow:
    plain = {"well": well.id, "sampled_on": dt.date(2025, 6, 1), "passed": "yes"}
    with ws.transaction("台账"):
        return registers.insert(ws, tiny.registers["well_test"], well.unit, {**plain, **fields})


def put(ws: Workspace, row: RegisterRow, column: str, content: object, register: str = "well") -> None:
    """Past all checks, as an older program or catalogue may have left it."""
    with ws.transaction("台账"):
        ws.db.conn.execute(f"UPDATE reg_{register} SET [{column}] = ? WHERE id = ?", (content, row.id))


def check(ws: Workspace, catalogue: Catalogue, *units: str, period: Period = OCTOBER) -> list[Finding]:
    return rules.violations(ws, catalogue, [catalogue.units[code] for code in units or (UPPER, LOWER)], period)


def codes(findings: list[Finding]) -> list[str]:
    return sorted(finding.rule for finding in findings)


def test_rows_in_order_give_no_findings(ws: Workspace, tiny: Catalogue) -> None:
    add_test(ws, tiny, add_well(ws, tiny))
    add_well(ws, tiny, "后浜", kind="单户", capacity=None)
    assert check(ws, tiny) == []


def test_a_broken_rule_is_told_with_its_values(ws: Workspace, tiny: Catalogue) -> None:
    late = add_well(ws, tiny, built_on=dt.date(2026, 11, 3))
    assert check(ws, tiny, period=Period.month(2026, 11)) == []
    (finding,) = check(ws, tiny)
    assert (finding.rule, finding.severity) == ("well_built_in_time", Severity.HARD)
    assert (finding.unit, finding.period, finding.place) == (UPPER, OCTOBER, RowRef("well", late.id))
    assert (finding.field, finding.message) == ("built_on", "建成日期 2026年11月3日 晚于本期。")
    assert finding.hint == "请改正建成日期。"


def test_what_a_rule_needs_and_does_not_know_is_no_finding(ws: Workspace, tiny: Catalogue) -> None:
    row = add_well(ws, tiny)
    put(ws, row, "kind", None)
    put(ws, row, "capacity", None)
    assert codes(check(ws, tiny)) == ["required_field"]


def test_a_rule_may_read_the_row_referred_to(ws: Workspace, tiny: Catalogue) -> None:
    well = add_well(ws, tiny)
    early = add_test(ws, tiny, well, sampled_on=dt.date(2024, 3, 7))
    (finding,) = check(ws, tiny)
    assert (finding.rule, finding.place) == ("test_after_built", RowRef("well_test", early.id))
    assert finding.message == "采样日期 2024年3月7日 早于供水点建成日期 2024年3月8日。"
    put(ws, well, "built_on", "2024-03-09")
    (again,) = check(ws, tiny)
    assert again.fingerprint != finding.fingerprint


def test_soft_rules_and_functions_of_dates(ws: Workspace, tiny: Catalogue) -> None:
    well = add_well(ws, tiny, built_on=dt.date(1990, 1, 1))
    add_test(ws, tiny, well, sampled_on=dt.date(2016, 11, 1))
    add_test(ws, tiny, well, sampled_on=dt.date(2016, 11, 2))
    (finding,) = check(ws, tiny)
    assert (finding.rule, finding.severity) == ("test_recent", Severity.SOFT)
    assert finding.message == "采样日期 2016年11月1日 在十年以前。"


def test_one_row_may_break_several_rules(ws: Workspace, tiny: Catalogue) -> None:
    add_well(ws, tiny, capacity=None, built_on=dt.date(2027, 1, 1))
    assert codes(check(ws, tiny)) == ["well_built_in_time", "well_capacity_known"]


def test_only_living_rows_of_the_units_asked(ws: Workspace, tiny: Catalogue) -> None:
    row = add_well(ws, tiny, capacity=None)
    assert codes(check(ws, tiny, LOWER)) == []
    assert codes(check(ws, tiny, UPPER)) == ["well_capacity_known"]
    with ws.transaction("台账"):
        registers.delete(ws, tiny.registers["well"], row.id)
    assert check(ws, tiny) == []


def test_a_fingerprint_holds_until_what_was_read_changes(ws: Workspace, tiny: Catalogue) -> None:
    row = add_well(ws, tiny, capacity=None)
    (finding,) = check(ws, tiny)
    (next_month,) = check(ws, tiny, period=Period.month(2026, 11))
    with ws.transaction("台账"):
        registers.update(ws, tiny.registers["well"], row.id, {"name": "改名"})
    (renamed,) = check(ws, tiny)
    assert finding.fingerprint == next_month.fingerprint == renamed.fingerprint
    other = add_well(ws, tiny, "另一口", capacity=None)
    assert len({each.fingerprint for each in check(ws, tiny)}) == 2
    assert {each.place for each in check(ws, tiny)} == {RowRef("well", row.id), RowRef("well", other.id)}


# --- what the schemas demand ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "content", "code", "message"),
    [
        ("name", None, "required_field", "台账“供水点”的“名称”没有填。"),
        ("state", "废弃", "choice", "台账“供水点”的“状态”不是可选的内容。"),
        ("standard", "maybe", "choice", "台账“供水点”的“是否标准化”不是可选的内容。"),
        ("households", 5001, "range", "台账“供水点”的“供水户数”应在0和5000之间。"),
        ("capacity", -1, "range", "台账“供水点”的“设计供水能力”应在0和9999.5之间。"),
        ("built_on", "1979-12-31", "range", "台账“供水点”的“建成日期”应在1980-01-01和2099-12-31之间。"),
    ],
)
def test_what_the_schema_demands_is_a_hard_finding(
    ws: Workspace, tiny: Catalogue, column: str, content: object, code: str, message: str
) -> None:
    row = add_well(ws, tiny)
    put(ws, row, column, content)
    (finding,) = check(ws, tiny)
    assert (finding.rule, finding.severity, finding.field) == (code, Severity.HARD, column)
    assert finding.message == message
    assert finding.place == RowRef("well", row.id)


@pytest.mark.parametrize("broken", ["absent", "deleted", "foreign"])
def test_a_dangling_reference_is_a_hard_finding(ws: Workspace, tiny: Catalogue, broken: str) -> None:
    well = add_well(ws, tiny)
    test = add_test(ws, tiny, well)
    if broken == "absent":
        put(ws, test, "well", NOBODY, "well_test")
    elif broken == "deleted":
        put(ws, well, "deleted", 1)
    else:
        put(ws, well, "unit", LOWER)
    findings = [finding for finding in check(ws, tiny) if finding.rule == "reference"]
    assert [(each.place, each.field, each.severity) for each in findings] == [
        (RowRef("well_test", test.id), "well", Severity.HARD)
    ]


def test_hidden_fields_are_not_checked(ws: Workspace, tiny: Catalogue) -> None:
    well = tiny.registers["well"]
    fields = tuple(replace(f, choices=("甲",), required=True) if f.hidden else f for f in well.fields)
    catalogue = replace(tiny, registers={**tiny.registers, "well": replace(well, fields=fields)})
    add_well(ws, tiny)
    assert check(ws, catalogue) == []


# --- rows entered twice -----------------------------------------------------------------------------------------------


def test_rows_that_agree_in_the_key_are_one_soft_finding(ws: Workspace, tiny: Catalogue) -> None:
    rows = sorted(add_well(ws, tiny, "村口").id for _ in range(3))
    add_well(ws, tiny, "后浜")
    (finding,) = check(ws, tiny)
    assert (finding.rule, finding.severity, finding.field) == ("duplicate", Severity.SOFT, "name")
    assert finding.place == RowRef("well", rows[-1])
    assert finding.message == "台账“供水点”：这一行与本单位另外2行的名称相同。"


def test_other_units_deleted_rows_and_empty_keys_are_no_duplicates(ws: Workspace, tiny: Catalogue) -> None:
    add_well(ws, tiny, "村口")
    add_well(ws, tiny, "村口", unit=LOWER)
    gone = add_well(ws, tiny, "村口")
    with ws.transaction("台账"):
        registers.delete(ws, tiny.registers["well"], gone.id)
    for row in (add_well(ws, tiny, "一"), add_well(ws, tiny, "二")):
        put(ws, row, "name", None)
    assert codes(check(ws, tiny)) == ["required_field", "required_field"]


def test_a_key_of_several_fields(ws: Workspace, tiny: Catalogue) -> None:
    well = add_well(ws, tiny)
    add_test(ws, tiny, well)
    add_test(ws, tiny, well, sampled_on=dt.date(2025, 6, 2))
    assert check(ws, tiny) == []
    add_test(ws, tiny, well, passed="no")
    (finding,) = check(ws, tiny)
    assert finding.message == "台账“水质检测”：这一行与本单位另外1行的供水点、采样日期相同。"


def test_a_third_row_makes_a_given_reason_lapse(ws: Workspace, tiny: Catalogue) -> None:
    add_well(ws, tiny, "村口")
    add_well(ws, tiny, "村口")
    (two,) = check(ws, tiny)
    add_well(ws, tiny, "村口")
    (three,) = check(ws, tiny)
    assert two.fingerprint != three.fingerprint


# --- privacy, size, faults of the catalogue ---------------------------------------------------------------------------


def well_rule(expression: str, message: str, code: str = "own") -> Rule:
    return Rule(code, Severity.HARD, expression, ("keeper",), message, "请核对。", register="well")


def test_personal_contents_are_not_told(ws: Workspace, tiny: Catalogue) -> None:
    add_well(ws, tiny)
    well = replace(tiny.registers["well"], duplicate_key=("keeper",))
    catalogue = replace(
        tiny,
        rules=(well_rule("length(keeper) > 3", "管护人“{keeper}”写得不全。"),),
        registers={**tiny.registers, "well": well},
    )
    add_well(ws, tiny)
    findings = check(ws, catalogue)
    assert codes(findings) == ["duplicate", "own", "own"]
    assert not any("沈阿大" in f"{finding.message}{finding.hint}" for finding in findings)


def test_more_rules_than_fit_one_statement(ws: Workspace, tiny: Catalogue) -> None:
    row = add_well(ws, tiny, households=Decimal(50))
    many = tuple(well_rule(f"households != {number}", "不对", f"r{number}") for number in range(140))
    findings = check(ws, replace(tiny, rules=many))
    assert [(finding.rule, finding.place) for finding in findings] == [("r50", RowRef("well", row.id))]


def test_a_rule_that_sql_cannot_answer_is_the_catalogues_fault(ws: Workspace, tiny: Catalogue) -> None:
    with pytest.raises(UserError) as caught:
        check(ws, replace(tiny, rules=(well_rule("prev(households) > 1", "不对"),)))
    assert caught.value.code == "catalogue.expression"
    assert "own" in caught.value.message
