"""A town with a trusted key that lies row by row: the row is set apart with its cause, the rest is taken, nobody else
suffers."""

from __future__ import annotations

import pytest

from tests.e2e.liar import MONTH
from tests.e2e.state import contents
from tests.e2e.world import NO_ROW, OTHER, OTHER_VILLAGE, REASON, World, receive_lie, submission
from tests.services.conftest import DISTRICT, VILLAGE
from xzdesk.core.model import CellRef, DataValue
from xzdesk.exchange.parts import CORRECTIONS
from xzdesk.services import check, receive, record
from xzdesk.services.receive import Arrived, Status
from xzdesk.services.session import Session
from xzdesk.store import attachments, quarantine, registers, verdicts

TRUE_CELL = CellRef(VILLAGE, "trainees", MONTH)


def value(
    content: str, *, element: str = "households", unit: str = VILLAGE, period: str = "2024-01", state: str = "value"
) -> list[str]:
    return [element, unit, period, state, content]


NOT_OURS, UNKNOWN, NOT_ASKED = "这个单位不由上报单位填报", "本机的指标目录里没有这个采集项", "这个采集项不由该单位填报"
NO_NUMBER, DECIMALS, NO_CHOICE = "不是规范的数", "小数位数过多", "不是可选的内容"
BAD_VALUES = [
    (value("300", unit=OTHER_VILLAGE), NOT_OURS),
    (value("300", unit=DISTRICT, element="investment"), NOT_OURS),
    (value("300", unit=OTHER, element="factories"), NOT_OURS),
    (value("300", unit="990101999"), NOT_OURS),
    (value("300", unit=""), NOT_OURS),
    (value("300", unit=f" {VILLAGE}"), NOT_OURS),
    (value("300", element="cars"), UNKNOWN),
    (value("300", element=""), UNKNOWN),
    (value("300", element="households' OR 1=1 --"), UNKNOWN),
    (value("300", element="factories"), NOT_ASKED),
    (value("yes", element="brand_town"), NOT_ASKED),
    (value("300", period="2024-02"), "晚于本次上报的月份"),
    (value("300", period="2023-12"), "不在本次上报的年度内"),
    (value("300", period="2025-01"), "不在本次上报的年度内"),
    (value("300", period="2023"), "期别与采集项不符"),
    (value("300", period="2024Q1"), "期别与采集项不符"),
    (value("300", period="2024"), "期别与采集项不符"),
    (value("300", period="2024-13"), "期别写法不对"),
    (value("300", period="２０２４-01"), "期别写法不对"),
    (value("300", period=""), "期别写法不对"),
    (value("300", state="VALUE"), "状态不认识"),
    (value("300", state=""), "状态不认识"),
    (value("300", state="na"), "不适用、未开展的格里又有内容"),
    (value("", state="value"), NO_NUMBER),
    *(
        (value(text), NO_NUMBER)
        for text in (
            "NaN", "sNaN", "Infinity", "-Infinity", "1e5", "1E-999999999", "1E+999999999", "0x12", "+5", " 5", "5 ",
            "05", "5.", ".5", "1_000", "1,000", "３００", "٣٠٠", "--5", "三百", "1" * 16, "9" * 9_000, "=1+1", "5\n",
            "5\u200b",
        )
    ),
    (value("300.5"), DECIMALS),
    (value("300.0000001"), DECIMALS),
    (value("0." + "0" * 14 + "1"), DECIMALS),
    (value("C", element="grade"), NO_CHOICE),
    (value("a", element="grade"), NO_CHOICE),
    (value("na", element="grade"), NO_CHOICE),
    (value("", element="grade"), NO_CHOICE),
    (value("1", element="clean_village"), NO_CHOICE),
]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "cause"), BAD_VALUES, ids=lambda given: "|".join(given)[:60] if isinstance(given, list) else ""
)
def test_a_value_that_cannot_be_is_set_apart(world: World, district: Session, row: list[str], cause: str) -> None:
    """In place of the cell's true value or beside it; the package's other cells are taken."""
    rows = [
        r for r in world.honest.rows("values.csv") if r[:3] != row[:3] and r[:3] != ["trainees", VILLAGE, "2024-01"]
    ]
    tables = world.honest.put("values.csv", [*rows, ["trainees", VILLAGE, "2024-01", "value", "77"], row])
    arrived = receive_lie(world, district, submission(world, tables))
    assert isinstance(arrived, Arrived)
    assert arrived.status is Status.ACCEPTED
    assert arrived.effects.bad_rows == {cause: 1}
    assert record.held(district, TRUE_CELL) == DataValue.of(77)
    [kept] = quarantine.listing(district.workspace, arrived.id)
    assert (kept.part, kept.content, kept.line) == ("values.csv", tuple(row), len(rows) + 3)


def test_a_cell_whose_row_is_set_apart_keeps_what_is_held(world: World, district: Session) -> None:
    """A row that cannot be read is no blank: the 300 households of the package before stay."""
    first = receive_lie(world, district, submission(world))
    assert isinstance(first, Arrived)
    cell = CellRef(VILLAGE, "households", MONTH)
    assert record.held(district, cell) == DataValue.of(300)
    others = [r for r in world.honest.rows("values.csv") if r[:3] != value("1")[:3]]
    tables = world.honest.put("values.csv", [*others, value("300.5")])
    again = submission(world, tables, sequence=first.sequence + 1, previous=first.id)
    second = receive_lie(world, district, again)
    assert isinstance(second, Arrived)
    assert second.effects.bad_rows == {DECIMALS: 1}
    assert second.effects.cells == ()
    assert record.held(district, cell) == DataValue.of(300)


def test_a_cell_given_twice_is_taken_once(world: World, district: Session) -> None:
    tables = world.honest.add("values.csv", value("1"), value("2"))
    arrived = receive_lie(world, district, submission(world, tables))
    assert isinstance(arrived, Arrived)
    assert arrived.effects.bad_rows == {"同一格出现了两次": 2}
    assert record.held(district, CellRef(VILLAGE, "households", MONTH)) == DataValue.of(300)


def test_numbers_beyond_all_bounds_are_findings(world: World, district: Session) -> None:
    """What can be stored is stored as it was handed in, and the checks say what is wrong with it."""
    rows = [r for r in world.honest.rows("values.csv") if r[:2] != ["households", VILLAGE]]
    tables = world.honest.put("values.csv", [*rows, value("-999999999999999")])
    arrived = receive_lie(world, district, submission(world, tables))
    assert isinstance(arrived, Arrived)
    assert "range" in {finding.rule for finding in arrived.effects.findings}
    assert any("必须改正" in oddity for oddity in arrived.effects.oddities)


# --- registers --------------------------------------------------------------------------------------------------------

HEADER = (
    "id", "unit", "deleted", "revision", "name", "kind", "capacity", "households", "built_on", "keeper", "standard",
    "state", "old_number",
)  # fmt: skip
NEW_ROW = "11111111-1111-4111-8111-111111111111"


def well(**fields: str) -> list[str]:
    honest = {
        "id": NEW_ROW, "unit": VILLAGE, "deleted": "0", "revision": "1", "name": "新井", "kind": "单户",
        "built_on": "2024-01-09", "state": "正常",
    }  # fmt: skip
    return [{**honest, **fields}.get(name, "") for name in HEADER]


BAD_WELLS: list[tuple[dict[str, str], str]] = [
    ({"unit": OTHER_VILLAGE}, "不是该单位填报的村、社区"),
    ({"unit": "990101999"}, "不是该单位填报的村、社区"),
    ({"unit": ""}, "不是该单位填报的村、社区"),
    ({"id": ""}, "行编号不对"),
    ({"id": "1"}, "行编号不对"),
    ({"id": NEW_ROW.replace("1", "A")}, "行编号不对"),
    ({"id": f"{NEW_ROW} "}, "行编号不对"),
    ({"deleted": "2"}, "删除标记不对"),
    ({"deleted": "yes"}, "删除标记不对"),
    ({"deleted": ""}, "删除标记不对"),
    ({"revision": "0"}, "修改次数不对"),
    ({"revision": "-1"}, "修改次数不对"),
    ({"revision": "9999999999"}, "修改次数不对"),
    ({"revision": "1.0"}, "修改次数不对"),
    ({"revision": ""}, "修改次数不对"),
    ({"name": "长" * 61}, "“名称”过长，最多60个字"),
    ({"name": "井\u202e"}, "“名称”里有看不见的字符"),
    ({"name": "井\x07二"}, "“名称”里有看不见的字符"),
    ({"name": "井\x1f二"}, ""),
    ({"kind": "别的"}, "“类别”不是可选的内容"),
    ({"capacity": "NaN"}, "“设计供水能力”不是数字"),
    ({"capacity": "1e3"}, "“设计供水能力”不是数字"),
    ({"capacity": "1.55"}, "“设计供水能力”最多1位小数"),
    ({"households": "-1"}, "households"),
    ({"households": "5001"}, "households"),
    ({"built_on": "2024-02-30"}, "“建成日期”不是日期"),
    ({"built_on": "20240209"}, "“建成日期”不是日期"),
    ({"built_on": "1800-01-01"}, "built_on"),
    ({"standard": "是"}, "“是否标准化”不是可选的内容"),
]


@pytest.mark.parametrize(
    ("fields", "cause"), BAD_WELLS, ids=lambda given: str(given)[:50] if isinstance(given, dict) else ""
)
def test_a_register_row_that_cannot_be_is_set_apart(
    world: World, district: Session, fields: dict[str, str], cause: str
) -> None:
    good = well(id="22222222-2222-4222-8222-222222222222", name="好井")
    arrived = receive_lie(
        world, district, submission(world, world.honest.add("register_well.csv", well(**fields), good))
    )
    assert isinstance(arrived, Arrived)
    [(told, count)] = arrived.effects.bad_rows.items()
    assert count == 1
    # What stands between cells in the store is refused by one check or another.
    titles = {"households": "供水户数", "built_on": "建成日期", "": ""}
    assert told == cause or titles.get(cause, cause) in told
    schema = district.catalogue.registers["well"]
    assert registers.get(district.workspace, schema, good[0]) is not None
    assert registers.get(district.workspace, schema, NEW_ROW) is None
    [kept] = quarantine.listing(district.workspace, arrived.id)
    assert (kept.part, kept.line) == ("register_well.csv", len(world.honest.rows("register_well.csv")) + 2)


def test_another_towns_row_cannot_be_taken_over(world: World, district: Session) -> None:
    """Neither with its own unit, nor by moving it to a village of the liar, nor by deleting it."""
    schema = district.catalogue.registers["well"]
    before = registers.get(district.workspace, schema, world.other_row)
    rows = world.honest.rows("register_well.csv")
    for number, stolen in enumerate(
        (
            well(id=world.other_row, unit=OTHER_VILLAGE, revision="999"),
            well(id=world.other_row, unit=VILLAGE, revision="999"),
            well(id=world.other_row, unit=VILLAGE, revision="999", deleted="1"),
        )
    ):
        tables = world.honest.put("register_well.csv", [*rows, stolen])
        data = submission(world, tables, created=f"2026-11-05T02:00:0{number}Z")
        before_all = contents(district)
        arrived = receive_lie(world, district, data)
        assert isinstance(arrived, Arrived)
        assert sum(arrived.effects.bad_rows.values()) == 1
        assert registers.get(district.workspace, schema, world.other_row) == before
        receive.undo(district, arrived.id)
        assert contents(district)["reg_well"] == before_all["reg_well"]


def test_a_row_of_the_liar_may_not_point_into_another_town(world: World, district: Session) -> None:
    header = world.honest.header("register_well_test.csv")
    row = dict.fromkeys(header, "") | {
        "id": NEW_ROW, "unit": VILLAGE, "deleted": "0", "revision": "1", "well": world.other_row,
        "sampled_on": "2024-01-20", "passed": "yes",
    }  # fmt: skip
    arrived = receive_lie(
        world, district, submission(world, world.honest.put("register_well_test.csv", [list(row.values())]))
    )
    assert isinstance(arrived, Arrived)
    assert "reference" in {finding.rule for finding in arrived.effects.findings}


# --- corrections, reasons, photographs, revisions ---------------------------------------------------------------------


def correction(**changes: str) -> list[str]:
    honest = {
        "element": "households", "unit": VILLAGE, "period": "2024-01", "before": "n:300", "after": "n:301",
        "reason": REASON, "corrected_at": "2024-02-01T00:00:00Z", "corrected_by": "某某",
    }  # fmt: skip
    return [{**honest, **changes}[name] for name in CORRECTIONS]


BAD_CORRECTIONS: list[tuple[dict[str, str], str]] = [
    ({"unit": OTHER_VILLAGE}, NOT_OURS),
    ({"unit": DISTRICT, "element": "investment"}, NOT_OURS),
    ({"element": "cars"}, UNKNOWN),
    ({"element": "factories"}, NOT_ASKED),
    ({"period": "2024-02"}, "晚于本次上报的月份"),
    ({"period": "2022-12"}, "不在本次上报的年度内"),
    ({"period": "2023"}, "期别与采集项不符"),
    ({"period": "2024Q1"}, "期别与采集项不符"),
    ({"period": "2024-13"}, "期别写法不对"),
    ({"reason": ""}, "更正没有理由或时间"),
    ({"corrected_at": ""}, "更正没有理由或时间"),
    ({"corrected_at": "昨天"}, "更正没有理由或时间"),
    ({"after": "x:1"}, "更正的内容认不出来"),
    ({"after": "n:NaN"}, "更正的内容认不出来"),
    ({"after": "n:1E9"}, "更正的内容认不出来"),
    ({"after": "c:none"}, "更正的内容与采集项不符"),
    ({"after": "n:" + "9" * 40}, "更正的内容与采集项不符"),
    ({"after": "n:300.5"}, "更正的内容与采集项不符"),
    ({"element": "grade", "before": "n:1", "after": "c:A"}, "更正的内容与采集项不符"),
    ({"element": "grade", "before": "c:none", "after": "c:AAAAA"}, "更正的内容与采集项不符"),
]


@pytest.mark.parametrize(("changes", "cause"), BAD_CORRECTIONS, ids=str)
def test_a_correction_that_cannot_be_is_set_apart(
    world: World, district: Session, changes: dict[str, str], cause: str
) -> None:
    """And it opens no door: a value for the cell that it names is not taken either, where it lies out of scope."""
    lie, good = correction(**changes), correction(element="trainees")
    tables = world.honest.put("corrections.csv", [lie, good])
    beyond = changes.keys() & {"unit", "period"} or changes.get("element") in ("cars", "factories")
    if beyond:
        tables = tables.add("values.csv", [lie[0], lie[1], lie[2], "value", "301"])
    arrived = receive_lie(world, district, submission(world, tables))
    assert isinstance(arrived, Arrived)
    assert (arrived.status, arrived.effects.corrections) == (Status.ACCEPTED, 1)
    assert arrived.effects.bad_rows == {cause: 2 if beyond else 1}


def test_a_true_correction_of_an_earlier_year_brings_its_cell(world: World, district: Session) -> None:
    earlier = value("301")
    tables = world.honest.put("corrections.csv", [correction()]).put("values.csv", [earlier])
    arrived = receive_lie(world, district, submission(world, tables, period="2025-01"))
    assert isinstance(arrived, Arrived)
    assert arrived.effects.bad_rows == {}
    assert record.held(district, CellRef(VILLAGE, "households", MONTH)) == DataValue.of(301)


def test_no_reason_is_given_in_another_towns_name(world: World, district: Session) -> None:
    def theirs() -> dict[str, str]:
        units = [unit for unit in district.catalogue.units.values() if unit.code == OTHER_VILLAGE]
        return dict(check.check(district, MONTH, units).reasons)

    before = theirs()
    assert world.fingerprint in {reason.fingerprint for reason in verdicts.all_reasons(district.workspace)}
    lies = [
        [
            world.fingerprint,
            "well_capacity_known",
            VILLAGE,
            "2024-01",
            "别镇的都是假的",
            "2024-02-01T00:00:00Z",
            "某某",
        ],
        [world.fingerprint, "well_capacity_known", OTHER_VILLAGE, "2024-01", "假的", "2024-02-01T00:00:00Z", "某某"],
        ["短", "well_capacity_known", VILLAGE, "2024-01", "假的", "2024-02-01T00:00:00Z", "某某"],
    ]
    arrived = receive_lie(world, district, submission(world, world.honest.put("findings.csv", lies)))
    assert isinstance(arrived, Arrived)
    assert theirs() == before
    assert "短" not in {reason.fingerprint for reason in verdicts.all_reasons(district.workspace)}


def test_photographs_stay_with_the_liars_own_rows(world: World, district: Session) -> None:
    digest = world.honest.rows("attachments.csv")[0][2]
    before = attachments.uses(district.workspace, "well", [world.other_row])
    lies = [
        ["well", world.other_row, digest, "假照片"],
        ["well", world.other_row, before[0].digest, "改了名"],
        ["well", NO_ROW, digest, "假照片"],
        ["cars", world.own_row, digest, "假照片"],
        ["well", world.own_row, "../../etc/passwd", "假照片"],
    ]
    arrived = receive_lie(world, district, submission(world, world.honest.add("attachments.csv", *lies)))
    assert isinstance(arrived, Arrived)
    assert arrived.effects.bad_rows == {"照片不在上报单位的台账里": 4, "照片的编号不对": 1}
    assert attachments.uses(district.workspace, "well", [world.other_row]) == before
    assert [use.title for use in attachments.uses(district.workspace, "well", [world.own_row])] == ["照片"]


def test_revisions_of_other_towns_are_not_looked_at(world: World, district: Session) -> None:
    said = {**world.honest.body["revisions"], OTHER_VILLAGE: 10**15, DISTRICT: 10**15}
    arrived = receive_lie(world, district, submission(world, world.honest.say(revisions=said)))
    assert isinstance(arrived, Arrived)
    assert arrived.status is Status.ACCEPTED


def test_an_older_revision_changes_nothing_of_its_unit(world: World, district: Session) -> None:
    said = {**world.honest.body["revisions"], VILLAGE: 0}
    rows = [r for r in world.honest.rows("values.csv") if r[:2] != ["households", VILLAGE]]
    tables = world.honest.put("values.csv", [*rows, value("1")]).put(
        "register_well.csv", [well(id=world.own_row, revision="9")]
    )
    arrived = receive_lie(world, district, submission(world, tables.say(revisions=said)))
    assert isinstance(arrived, Arrived)
    assert arrived.effects.older_units == (VILLAGE,)
    assert record.held(district, CellRef(VILLAGE, "households", MONTH)) == DataValue.of(300)
    row = registers.get(district.workspace, district.catalogue.registers["well"], world.own_row)
    assert row is not None
    assert row.fields["name"] == "一号井"
