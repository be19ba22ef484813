"""``record`` and ``check``: cells as people write them, register rows, reasons."""

from __future__ import annotations

import pytest

from .conftest import MONTH, Desk, fill_in

WELL = (
    "name=一号井",
    "kind=集中",
    "capacity=12.5",
    "built_on=2024-01-09",
    "households=120",
    "keeper=沈某某",
    "state=正常",
)


@pytest.mark.parametrize(
    ("place", "typed", "state", "stored"),
    [
        (("上溪村", "户籍户数", MONTH), "1,234", "value", "1234"),
        (("990101101201", "households", MONTH), "１２３４", "value", "1234"),
        (("临溪镇", "常住人口", "2024Q1"), "2.5万", "value", "25000"),
        (("上溪村", "经营性收入", "2024Q1"), "-3.25", "value", "-3.25"),
        (("上溪村", "培训人次", "2023"), "0", "value", "0"),
        (("上溪村", "累计植树", MONTH), "/", "na", None),
        (("上溪村", "累计植树", MONTH), "-", "none", None),
        (("上溪村", "是否绿色村庄", MONTH), "是", "value", "yes"),
        (("上溪村", "景区村庄等级", MONTH), "AA级", "value", "AA"),
    ],
)
def test_a_cell_is_read_as_people_write_it(
    desk: Desk, place: tuple[str, ...], typed: str, state: str, stored: str | None
) -> None:
    done = desk.done("镇", "record", *place, typed, "--json").json
    assert done["before"] is None
    assert done["after"]["state"] == state
    assert (done["after"]["number"] or done["after"]["choice"]) == stored
    assert len(done["changed"]) == 1
    assert desk.done("镇", "record", *place, typed, "--json").json["changed"] == []


def test_what_was_read_differently_is_told(desk: Desk) -> None:
    answer = desk.done("镇", "record", "临溪镇", "常住人口", "2024Q1", "2.5万")
    assert "临溪镇 常住人口 2024年一季度：由未填改为25000人。" in answer.out
    assert "说明：“2.5万”读作 25000" in answer.out
    assert "下一步：xzdesk-cli check 2024-03" in answer.out


def test_an_empty_text_clears_a_cell(desk: Desk) -> None:
    place = ("上溪村", "户籍户数", MONTH)
    desk.done("镇", "record", *place, "300")
    cleared = desk.done("镇", "record", *place, "", "--json").json
    assert (cleared["before"]["number"], cleared["after"], len(cleared["changed"])) == ("300", None, 1)
    assert "原来就是未填，没有变化。" in desk.done("镇", "record", *place, "").out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("上溪村", "户籍户数", MONTH, "三百"), "number.unreadable"),
        (("上溪村", "户籍户数", MONTH, "300.5"), "number.not_whole"),
        (("上溪村", "户籍户数", MONTH, "9999"), "number.out_of_range"),
        (("上溪村", "户籍户数", "2024Q1", "300"), "record.period"),
        (("上溪村", "户籍户数", "2031-01", "300"), "record.period"),
        (("上溪村", "户籍户数", "十月", "300"), "period.unreadable"),
        (("上溪村", "户数", MONTH, "300"), "element.unknown"),
        (("上河村", "户籍户数", MONTH, "300"), "unit.unknown"),
        (("竹里村", "户籍户数", MONTH, "300"), "record.other_office"),
        (("临溪镇", "户籍户数", MONTH, "300"), "record.not_asked"),
        (("上溪村", "供水户数", MONTH, "300"), "record.derived"),
        (("上溪村", "户籍户数", MONTH), "usage"),
        (("--row", "well", "name=一号井"), "usage"),
        (("--row", "well", "--unit", "上溪村", "一号井"), "usage"),
        (("--row", "井", "--unit", "上溪村", *WELL), "register.unknown"),
        (("--row", "well", "--unit", "上溪村", "井名=一号井"), "register.unknown_field"),
        (("--row", "well", "--unit", "竹里村", *WELL), "record.other_office"),
        (("--row", "well", "--unit", "上溪村", "name=一号井"), "register.required"),
        (("--row", "well", "--id", "12345678", "state=正常"), "row.unknown"),
        (("--row", "well", "--delete"), "usage"),
    ],
)
def test_what_cannot_be_recorded_is_refused(desk: Desk, words: tuple[str, ...], code: str) -> None:
    answer = desk.run("镇", "record", *words, "--json")
    assert (answer.status, answer.error["code"]) == (2, code)
    assert answer.error["hint"]
    assert desk.done("镇", "record", "--row", "well", "--list", "--json").json["rows"] == []


def test_a_close_name_is_offered(desk: Desk) -> None:
    assert "户籍户数" in desk.run("镇", "record", "上溪村", "户籍数", MONTH, "300", "--json").error["hint"]


def test_a_register_row_is_entered_changed_listed_and_deleted(desk: Desk) -> None:
    entered = desk.done("镇", "record", "--row", "供水点", "--unit", "上溪村", *WELL, "--json").json
    assert (entered["revision"], entered["fields"]["capacity"]) == (1, "12.5")
    changed = desk.done("镇", "record", "--row", "well", "--id", entered["id"][:8], "供水户数=118", "--json").json
    assert (changed["id"], changed["revision"], changed["fields"]["households"]) == (entered["id"], 2, "118")
    same = desk.done("镇", "record", "--row", "well", "--id", entered["id"], "供水户数=118")
    assert "没有变化" in same.out
    listed = desk.done("镇", "record", "--row", "well", "--list")
    assert entered["id"][:8] in listed.out
    desk.done("镇", "record", "--row", "well", "--id", entered["id"][:8], "--delete")
    assert desk.done("镇", "record", "--row", "well", "--list", "--json").json["rows"] == []


def test_a_row_refers_to_another_by_its_name_or_number(desk: Desk) -> None:
    well = desk.done("镇", "record", "--row", "well", "--unit", "上溪村", *WELL, "--json").json
    fields = ("sampled_on=2024-01-20", "passed=是", "laboratory=区疾控")
    for named in (well["id"], well["id"][:8]):
        test = desk.done("镇", "record", "--row", "well_test", "--unit", "上溪村", f"well={named}", *fields, "--json")
        assert test.json["fields"]["well"] == well["id"]
    refused = desk.run("镇", "record", "--row", "well_test", "--unit", "上溪村", "well=九号井", *fields, "--json")
    assert refused.error["code"] == "row.unknown"
    assert "九号井" not in refused.out


def test_what_is_personal_is_not_repeated_in_a_refusal(desk: Desk) -> None:
    too_long = "沈某某" * 100
    refused = desk.run("镇", "record", "--row", "well", "--unit", "上溪村", *WELL[:-2], f"keeper={too_long}", "--json")
    assert (refused.status, refused.error["code"]) == (2, "text.too_long")
    assert "沈某某" not in refused.out


def test_a_cell_of_a_month_handed_in_needs_a_reason(month: Desk) -> None:
    month.submit()
    words = ("record", "上溪村", "户籍户数", MONTH, "301")
    refused = month.run("镇", *words, "--json")
    assert (refused.status, refused.error["code"]) == (2, "record.correction_reason")
    done = month.done("镇", *words, "--reason", "公安分局1月底更正了1户，见更正函")
    assert "已作为更正登记，随下一个上报包报送。" in done.out


def test_findings_are_listed_and_a_soft_one_is_explained(month: Desk) -> None:
    month.done("镇", "record", "上溪村", "户籍户数", "2024-02", "390")
    answer = month.run("镇", "check", "2024-02", "--unit", "上溪村", "--json")
    assert answer.status == 2
    jump = next(f for f in answer.json["findings"] if f["rule"] == "households_jump")
    assert (jump["severity"], jump["reason"]) == ("soft", None)
    mark = jump["fingerprint"][:8]
    reason = "并入旧溪村90户，见区政府批复"
    refused = month.run("镇", "check", "2024-02", "--reason", mark, "核实无误", "--json")
    assert (refused.status, refused.error["code"]) == (2, "reason.refused")
    explained = month.run("镇", "check", "2024-02", "--unit", "上溪村", "--reason", mark, reason, "--json").json
    assert next(f for f in explained["findings"] if f["rule"] == "households_jump")["reason"] == reason
    assert explained["unexplained"] == answer.json["unexplained"] - 1
    unknown = month.run("镇", "check", "2024-02", "--reason", "00000000", reason, "--json")
    assert unknown.error["code"] == "check.unknown_mark"


def test_a_month_that_is_ready_says_how_to_hand_it_in(month: Desk) -> None:
    answer = month.done("镇", "check", MONTH)
    assert "必须改正 0 处，还要说明 0 处。" in answer.out
    assert "可以上报：xzdesk-cli submit 2024-01" in answer.out
    open_month = month.run("镇", "check", "2024-02")
    assert open_month.status == 2
    assert "必须改正" in open_month.out


def test_a_clean_month_is_not_ready_while_one_before_it_is_open(month: Desk) -> None:
    """All months of the year that were not handed in travel together."""
    fill_in(month.path("镇"), "2024-02")
    month.done("镇", "record", "上溪村", "户籍户数", MONTH, "")
    answer = month.run("镇", "check", "2024-02", "--json")
    assert (answer.status, answer.json["hard"], answer.json["ready"]) == (2, 0, False)
    assert answer.json["blocked"]["code"] == "submit.hard"
    told = month.run("镇", "check", "2024-02").out
    assert "上溪村 2024年1月：没有填“户籍户数”。" in told
    assert "可以上报" not in told


def test_a_finding_about_a_row_tells_its_number(desk: Desk) -> None:
    words = ("record", "--row", "well", "--unit", "上溪村", "name=一号井", "kind=集中", "households=9", "state=正常")
    row = desk.done("镇", *words, "built_on=2024-05-09", "--json").json["id"]
    assert f"上溪村 行号 {row[:8]}" in desk.run("镇", "check", MONTH).out


@pytest.mark.parametrize(("period", "code"), [("2024Q1", "period.not_month"), ("2031-01", "period.outside")])
def test_only_months_of_the_plan_are_checked(desk: Desk, period: str, code: str) -> None:
    answer = desk.run("镇", "check", period, "--json")
    assert (answer.status, answer.error["code"]) == (2, code)
