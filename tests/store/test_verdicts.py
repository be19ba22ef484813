"""Reasons, 更正 and 退回: what people said about figures is kept, carried once and settled."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xzdesk.core.errors import UserError
from xzdesk.core.model import NOT_APPLICABLE, NOT_STARTED, CellRef, DataValue, Finding, RowRef, Severity
from xzdesk.core.periods import Period
from xzdesk.store import connect, verdicts
from xzdesk.store.connect import Workspace
from xzdesk.store.verdicts import Returned, ReturnStatus

TOWN, VILLAGE = "990101101", "990101101201"
MARCH = Period.month(2026, 3)
CELL = CellRef(VILLAGE, "households", MARCH)
ROW = RowRef("well", "0b0f7b9e-0a51-4a0e-8d5e-2f4f5f1d2c11")
PASSPHRASE = "油菜花 三月 河埠头"


def finding(fingerprint: str) -> Finding:
    return Finding("jump", Severity.SOFT, VILLAGE, MARCH, CELL, "households", "变化过大", "请核对", fingerprint)


def test_a_reason_is_found_by_the_fingerprint_of_its_finding(office: Workspace) -> None:
    with office.transaction("说明"):
        verdicts.give_reason(office, finding("a" * 64), "6户整体拆迁")
        verdicts.give_reason(office, finding("a" * 64), "6户整体拆迁，见名单")
        verdicts.give_reason(office, finding("b" * 64), "新建小区入住")
    assert verdicts.reasons_for(office, [finding("a" * 64), finding("c" * 64)]) == {"a" * 64: "6户整体拆迁，见名单"}
    assert verdicts.reasons_for(office, []) == {}
    assert [(r.fingerprint, r.rule, r.unit, r.period, r.given_by) for r in verdicts.all_reasons(office)] == [
        ("a" * 64, "jump", VILLAGE, MARCH, "王会计"),
        ("b" * 64, "jump", VILLAGE, MARCH, "王会计"),
    ]


def test_reasons_of_a_package_are_taken_over_as_they_are(office: Workspace) -> None:
    brought = verdicts.Reason("a" * 64, "jump", VILLAGE, MARCH, "拆迁", "2026-04-02T01:00:00Z", "李村")
    with office.transaction("接收"):
        verdicts.take_reasons(office, [brought])
    assert verdicts.all_reasons(office) == (brought,)


def test_a_reason_given_for_another_unit_explains_nothing(office: Workspace) -> None:
    own = finding("a" * 64)
    false = verdicts.Reason("a" * 64, "jump", TOWN, MARCH, "别处说的", "2026-04-02T01:00:00Z", "李村")
    with office.transaction("接收"):
        verdicts.take_reasons(office, [false])
        assert verdicts.reasons_for(office, [own]) == {}
        verdicts.give_reason(office, own, "6户整体拆迁")
        verdicts.take_reasons(office, [replace(false, reason="再说一遍")])
    assert verdicts.reasons_for(office, [own]) == {"a" * 64: "6户整体拆迁"}


def test_a_correction_is_pending_until_a_package_carries_it(tmp_path: Path) -> None:
    times = iter(dt.datetime(2026, 5, day, tzinfo=dt.UTC) for day in range(1, 29))
    with connect.create(
        tmp_path / "镇.xzdb", user="王会计", passphrase=PASSPHRASE, meta={}, clock=lambda: next(times)
    ) as ws:
        with ws.transaction("更正"):
            first = verdicts.add_correction(ws, CELL, DataValue.of(598), DataValue.of(600), "补录2户")
        assert verdicts.pending_corrections(ws) == (first,)
        with ws.transaction("上报"):
            assert verdicts.mark_carried(ws, "p1", 2026) == 1
        assert verdicts.pending_corrections(ws) == ()
        with ws.transaction("更正"):
            second = verdicts.add_correction(ws, CELL, DataValue.of(600), None, "误录")
        with ws.transaction("上报"):
            assert verdicts.mark_carried(ws, "p2", 2026) == 1
        assert verdicts.corrections_of_year(ws, 2026) == (
            replace(first, package="p1"),
            replace(second, package="p2"),
        )
        assert verdicts.corrections_of_year(ws, 2025) == ()


def test_a_package_of_the_year_carries_uncarried_corrections_of_earlier_years(office: Workspace) -> None:
    earlier = CellRef(VILLAGE, "trees", Period.month(2025, 12))
    with office.transaction("更正"):
        verdicts.add_correction(office, earlier, None, DataValue.of(3), "补录")
    assert [c.ref for c in verdicts.corrections_of_year(office, 2026)] == [earlier]
    with office.transaction("上报"):
        verdicts.mark_carried(office, "p1", 2026)
    assert verdicts.corrections_of_year(office, 2026) == ()


def test_two_changes_of_a_cell_within_a_second_are_one_correction(office: Workspace) -> None:
    moment = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
    office._clock = lambda: moment
    with office.transaction("更正"):
        verdicts.add_correction(office, CELL, DataValue.of(1), DataValue.of(2), "第一次")
        verdicts.add_correction(office, CELL, DataValue.of(2), DataValue.of(3), "第二次")
    (made,) = verdicts.pending_corrections(office)
    assert (made.before, made.after, made.reason) == (DataValue.of(1), DataValue.of(3), "第二次")


def test_corrections_of_a_package_are_kept_once(office: Workspace) -> None:
    brought = verdicts.Correction(CELL, None, DataValue.of(2), "补录", "2026-04-02T01:00:00Z", "李村", "p1")
    with office.transaction("接收"):
        verdicts.take_corrections(office, [brought])
        verdicts.take_corrections(office, [replace(brought, package="p2")])
    assert verdicts.corrections_of_year(office, 2026) == (brought,)
    assert verdicts.correction_texts(brought) == (
        "households", VILLAGE, "2026-03", "", "n:2", "补录", "2026-04-02T01:00:00Z", "李村",
    )  # fmt: skip


@given(
    st.one_of(
        st.sampled_from([None, NOT_APPLICABLE, NOT_STARTED, DataValue.of("none"), DataValue.of("n:1")]),
        st.decimals(-(10**15), 10**15, places=3).map(DataValue.of),
    )
)
def test_a_content_survives_its_code(value: DataValue | None) -> None:
    assert verdicts.of_content_code(verdicts.content_code(value)) == value


@pytest.mark.parametrize("text", ["value", "n:", "n:1e5", "n:NaN", "n:１", "c:", "x:1", "n:" + "9" * 41, "n:1.2.3"])
def test_a_code_of_no_content_is_refused(text: str) -> None:
    with pytest.raises(UserError) as caught:
        verdicts.of_content_code(text)
    assert caught.value.code == "correction.unreadable"


def test_numbers_are_written_plainly() -> None:
    assert verdicts.content_code(DataValue.of(Decimal("1E+3"))) == "n:1000"


def send_back(ws: Workspace, place: CellRef | RowRef = CELL, office: str = TOWN) -> Returned:
    with ws.transaction("退回"):
        return verdicts.add(
            ws, office=office, unit=VILLAGE, period=MARCH, place=place, reason="与台账相差12户", package="p1"
        )


def test_a_returned_cell_is_found_at_its_place_while_it_stands(office: Workspace) -> None:
    returned = send_back(office)
    assert verdicts.open_for_cell(office, CELL) == returned
    assert verdicts.open_for_cell(office, replace(CELL, period=Period.month(2026, 4))) is None
    for status, found in [(ReturnStatus.SENT, True), (ReturnStatus.MENDED, False), (ReturnStatus.WITHDRAWN, False)]:
        with office.transaction("退回"):
            assert verdicts.set_status(office, [returned.id], status) == 1
        assert (verdicts.open_for_cell(office, CELL) is not None) is found
    with office.transaction("退回"):
        assert verdicts.set_status(office, [returned.id], ReturnStatus.WITHDRAWN) == 0


def test_the_newest_of_several_verdicts_on_a_cell_counts(tmp_path: Path) -> None:
    times = iter(dt.datetime(2026, 5, day, tzinfo=dt.UTC) for day in range(1, 29))
    with connect.create(
        tmp_path / "区.xzdb", user="张", passphrase=PASSPHRASE, meta={}, clock=lambda: next(times)
    ) as ws:
        send_back(ws)
        newest = send_back(ws)
        assert verdicts.open_for_cell(ws, CELL) == newest


def test_the_list_can_be_narrowed(office: Workspace) -> None:
    cell, row = send_back(office), send_back(office, ROW, office="990101001")
    assert set(verdicts.listing(office)) == {cell, row}
    assert verdicts.listing(office, TOWN) == (cell,)
    assert verdicts.listing(office, status=ReturnStatus.SENT) == ()
    assert verdicts.listing(office, period=Period.month(2026, 4)) == ()
    assert verdicts.listing(office, "990101001", ReturnStatus.OPEN, MARCH)[0].place == ROW


def test_a_receipt_brings_returns_and_never_undoes_what_was_mended_meanwhile(office: Workspace) -> None:
    brought = Returned(
        "r1", TOWN, VILLAGE, MARCH, CELL, "", "相差12户", "p1", ReturnStatus.SENT, "2026-04-10T00:00:00Z", "区办"
    )
    with office.transaction("回执"):
        verdicts.upsert(office, [brought])
    assert verdicts.listing(office) == (brought,)
    with office.transaction("改正"):
        verdicts.set_status(office, ["r1"], ReturnStatus.MENDED)
    with office.transaction("回执"):
        verdicts.upsert(office, [replace(brought, reason="相差12户，见附表")])
    assert verdicts.listing(office) == (replace(brought, reason="相差12户，见附表", status=ReturnStatus.MENDED),)
    with office.transaction("回执"):
        verdicts.upsert(office, [replace(brought, status=ReturnStatus.WITHDRAWN)])
    assert verdicts.listing(office)[0].status is ReturnStatus.WITHDRAWN


def test_writing_needs_a_transaction(office: Workspace) -> None:
    with pytest.raises(RuntimeError):
        verdicts.mark_carried(office, "p1", 2026)
    with pytest.raises(RuntimeError):
        verdicts.set_status(office, ["r1"], ReturnStatus.SENT)
