"""The change log: every change before and after, a chain that shows meddling, and undo that is exact."""

import contextlib
import json
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlcipher3 import dbapi2

from xzdesk.core.errors import UserError
from xzdesk.core.model import NOT_STARTED, Catalogue, CellRef, DataValue, RowRef
from xzdesk.core.periods import Period
from xzdesk.store import (
    attachments,
    catalogues,
    journal,
    own_edits,
    packages,
    quarantine,
    revisions,
    values,
    verdicts,
)
from xzdesk.store.connect import Workspace
from xzdesk.store.packages import Direction, PackageKind, PackageStatus

TOWN, VILLAGE = "990101101", "990101101201"
MONTHS = [Period.month(2026, month) for month in range(1, 5)]
CELL = CellRef(VILLAGE, "households", MONTHS[0])
PHOTO = b"\xff\xd8\xff" + b"photo"


def contents(ws: Workspace) -> dict[str, list[tuple[object, ...]]]:
    """Every table but the journal's own, which only grows."""
    tables = set(ws.db.table_names()) - {"journal"}
    return {table: ws.db.conn.execute(f"SELECT * FROM [{table}]").fetchall() for table in sorted(tables)}


def write(ws: Workspace, tiny: Catalogue, content: DataValue | None, cell: CellRef = CELL) -> int:
    with ws.transaction("填报"):
        values.write(ws, tiny, {cell: content})
    return journal.links(ws)[0].link


def undo(ws: Workspace, link: int) -> None:
    with ws.transaction("撤销"):
        journal.undo(ws, link)


def fault(ws: Workspace, call: Callable[[], None]) -> str:
    with pytest.raises(UserError) as caught:
        call()
    return caught.value.code


def test_an_entry_tells_the_row_before_and_after(office: Workspace, tiny: Catalogue) -> None:
    for content in (DataValue.of(598), NOT_STARTED, None):
        write(office, tiny, content)
    entries = office.db.conn.execute(
        "SELECT key, before, after FROM journal WHERE entity = 'data_value' ORDER BY sequence"
    ).fetchall()
    key = json.dumps([VILLAGE, "2026-01", "households"], separators=(",", ":"))
    number = {"state": "value", "number": 598, "choice": None}
    absent = {"state": "none", "number": None, "choice": None}
    assert [(k, before and json.loads(before), after and json.loads(after)) for k, before, after in entries] == [
        (key, None, number),
        (key, number, absent),
        (key, absent, None),
    ]


def test_a_link_tells_who_when_what_and_how_much(office: Workspace, tiny: Catalogue) -> None:
    write(office, tiny, DataValue.of(598))
    link = journal.links(office)[0]
    assert (link.by, link.action, link.entries) == ("王会计", "填报", 1)
    assert link.head == journal.head(office)
    assert journal.knows(office, link.head)
    assert not journal.knows(office, "0" * 64)


def test_a_transaction_that_changes_nothing_is_no_link(office: Workspace, tiny: Catalogue) -> None:
    head = journal.head(office)
    write(office, tiny, None)
    assert journal.head(office) == head


@pytest.mark.parametrize(
    "meddling",
    [
        "UPDATE journal SET after = replace(after, '598', '599')",
        "UPDATE journal SET before = after WHERE after LIKE '%598%'",
        "UPDATE journal SET key = replace(key, '2026-01', '2026-02') WHERE entity = 'data_value'",
        "UPDATE journal SET entity = 'own_edit' WHERE after LIKE '%598%'",
        "UPDATE journal SET after = before || after, before = NULL WHERE before LIKE '%598%'",
        "DELETE FROM journal WHERE after LIKE '%598%'",
        "DELETE FROM journal WHERE sequence = (SELECT max(sequence) FROM journal)",
        "DELETE FROM journal WHERE sequence = 1",
        "DELETE FROM journal WHERE head IS NOT NULL AND sequence < 6",
        "INSERT INTO journal (entity, key, after) VALUES ('data_value', '[1]', '{}')",
        "INSERT INTO journal (head, at, by, action) VALUES ('0', '', '', '')",
        "UPDATE journal SET by = '赵' WHERE head IS NOT NULL",
        "UPDATE journal SET at = '2020-01-01T00:00:00Z' WHERE head IS NOT NULL",
        "UPDATE journal SET action = '导入' WHERE action = '填报'",
        "UPDATE journal SET action = action || substr(by, 1, 1), by = substr(by, 2) WHERE head IS NOT NULL",
        "UPDATE journal SET head = head || '0' WHERE head IS NOT NULL",
    ],
)
def test_meddling_with_the_log_shows(office: Workspace, tiny: Catalogue, meddling: str) -> None:
    write(office, tiny, DataValue.of(598))
    write(office, tiny, DataValue.of(600))
    assert journal.verify(office) == 4
    assert office.db.conn.execute(meddling).rowcount > 0
    assert fault(office, lambda: journal.verify(office)) == "journal.broken"


def test_a_broken_chain_names_the_last_link_that_holds(office: Workspace, tiny: Catalogue) -> None:
    write(office, tiny, DataValue.of(598))
    office.db.conn.execute("UPDATE journal SET after = replace(after, '598', '599') WHERE entity = 'data_value'")
    with pytest.raises(UserError) as caught:
        journal.verify(office)
    assert "王会计 目录”之后" in caught.value.message


def test_a_statement_that_failed_within_a_transaction_leaves_no_trace_in_the_chain(
    office: Workspace, tiny: Catalogue
) -> None:
    put = "INSERT INTO data_value VALUES ('trees', ?, '2026-01', 'value', 1, NULL)"
    both = "INSERT INTO data_value SELECT 'trees', value, '2026-01', 'value', 1, NULL FROM json_each(?)"
    for statements in (
        [(put, "a"), (both, '["x", "y", "a"]')],
        [(both, '["b", "c", "b"]'), (put, "b")],
        [(put, "d"), (both, '["e", "d"]'), (put, "f"), (both, '["g", "h"]')],
    ):
        with office.transaction("填报"):
            for statement, parameter in statements:
                with contextlib.suppress(dbapi2.IntegrityError):
                    office.db.conn.execute(statement, (parameter,))
    units = [unit for (unit,) in office.db.conn.execute("SELECT unit FROM data_value ORDER BY unit")]
    assert units == ["a", "b", "d", "f", "g", "h"]
    assert [link.entries for link in journal.links(office, 3)] == [4, 1, 1]
    journal.verify(office)


def test_a_transaction_in_which_everything_failed_is_no_link(office: Workspace) -> None:
    head = journal.head(office)
    with office.transaction("填报"), contextlib.suppress(dbapi2.IntegrityError):
        office.db.conn.execute(
            "INSERT INTO data_value SELECT 'trees', value, '2026-01', 'value', 1, NULL FROM json_each('[1, 1]')"
        )
    assert journal.head(office) == head
    journal.verify(office)


def test_a_rolled_back_transaction_leaves_no_trace_in_the_chain(office: Workspace, tiny: Catalogue) -> None:
    with pytest.raises(KeyError), office.transaction("填报"):
        values.write(office, tiny, {CELL: DataValue.of(1)})
        raise KeyError
    write(office, tiny, DataValue.of(2))
    assert [link.entries for link in journal.links(office)] == [1, 1, 1]
    journal.verify(office)


def test_entries_that_nobody_closed_belong_to_the_next_link(office: Workspace, tiny: Catalogue) -> None:
    office.db.conn.execute("INSERT INTO data_value VALUES ('trees', 'a', '2026-01', 'value', 1, NULL)")
    assert fault(office, lambda: journal.verify(office)) == "journal.broken"
    write(office, tiny, DataValue.of(2))
    assert journal.links(office)[0].entries == 2
    journal.verify(office)


def test_replacing_a_row_is_logged_as_what_it_is(office: Workspace, tiny: Catalogue) -> None:
    write(office, tiny, DataValue.of(598))
    before = contents(office)
    with office.transaction("填报"):
        office.db.conn.execute(
            "INSERT OR REPLACE INTO data_value VALUES ('households', ?, '2026-01', 'value', 7, NULL)", (VILLAGE,)
        )
    undo(office, journal.links(office)[0].link)
    assert contents(office) == before


def test_the_key_of_a_logged_row_does_not_change(office: Workspace, tiny: Catalogue) -> None:
    write(office, tiny, DataValue.of(598))
    with pytest.raises(dbapi2.IntegrityError, match="key"), office.transaction("填报"):
        office.db.conn.execute("UPDATE data_value SET period = '2026-02'")
    with office.transaction("填报"):
        office.db.conn.execute("UPDATE data_value SET period = period, number = 1")
    assert values.read(office, tiny)[CELL] == DataValue.of(1)


def import_package(ws: Workspace, tiny: Catalogue) -> str:
    """A bit of everything that taking a submission writes."""
    id = "c" * 64
    packages.record(
        ws, id=id, direction=Direction.IN, kind=PackageKind.SUBMISSION, unit=TOWN, epoch=1, sequence=1, previous="",
        period=MONTHS[0], status=PackageStatus.ACCEPTED, manifest='{"a":1}', content=b"sealed \x00 file",
    )  # fmt: skip
    packages.advance(ws, TOWN, Direction.IN, 1, 1, id)
    values.write(
        ws,
        tiny,
        {
            CELL: None,
            CellRef(VILLAGE, "trees", MONTHS[0]): DataValue.of(9),
            CellRef(VILLAGE, "capacity_new", MONTHS[0]): DataValue.of(Decimal("2.5")),
        },
    )
    values.write(ws, tiny, {CellRef(VILLAGE, "trees", MONTHS[0]): DataValue.of(10)})
    digest = attachments.keep(ws, PHOTO)
    attachments.use(ws, [attachments.Use(RowRef("well", "w1"), digest, "验收")])
    verdicts.take_corrections(
        ws, [verdicts.Correction(CELL, None, DataValue.of(2), "补录\n“引号”", "2026-04-02T01:00:00Z", "李村", id)]
    )
    quarantine.add(ws, id, [("values.csv", 2, ["a", "b"], "不是数")])
    own_edits.set_accepted(ws, CELL, None)
    revisions.raise_to(ws, {VILLAGE: 4})
    values.seal(ws, tiny, [VILLAGE], MONTHS[0], {})
    return id


@pytest.fixture
def imported(office: Workspace, tiny: Catalogue) -> tuple[Workspace, str, dict[str, list[tuple[object, ...]]]]:
    write(office, tiny, DataValue.of(598))
    with office.transaction("自改"):
        own_edits.note(office, CELL, DataValue.of(500), "核实")
        revisions.raise_to(office, {VILLAGE: 2})
    before = contents(office)
    with office.transaction("接收"):
        id = import_package(office, tiny)
    return office, id, before


def test_undoing_an_import_leaves_every_table_as_it_was(
    imported: tuple[Workspace, str, dict[str, list[tuple[object, ...]]]],
) -> None:
    ws, id, before = imported
    after = contents(ws)
    changed = {table for table, rows in after.items() if rows != before[table]}
    assert {"package", "package_content", "chain", "data_value", "attachment", "own_edit", "unit_revision"} <= changed
    link = journal.link_that_added(ws, "package", id)
    assert link is not None
    undo(ws, link)
    assert contents(ws) == before
    assert packages.content(ws, id) is None
    journal.verify(ws)


def test_an_undone_import_can_be_taken_again(
    imported: tuple[Workspace, str, dict[str, list[tuple[object, ...]]]], tiny: Catalogue
) -> None:
    ws, id, _ = imported
    after = contents(ws)
    first = journal.link_that_added(ws, "package", id)
    assert first is not None
    undo(ws, first)
    with ws.transaction("接收"):
        import_package(ws, tiny)
    without_times = {table: rows for table, rows in contents(ws).items() if table not in ("package", "sealed_period")}
    assert without_times == {table: after[table] for table in without_times}
    second = journal.link_that_added(ws, "package", id)
    assert second is not None
    assert second > first


def test_an_undo_can_be_undone(office: Workspace, tiny: Catalogue) -> None:
    write(office, tiny, DataValue.of(598))
    link = write(office, tiny, None)
    before = contents(office)
    undo(office, link)
    assert values.read(office, tiny) == {CELL: DataValue.of(598)}
    undo(office, journal.links(office)[0].link)
    assert contents(office) == before


def test_a_later_change_of_a_row_stops_undo_and_nothing_moves(
    imported: tuple[Workspace, str, dict[str, list[tuple[object, ...]]]], tiny: Catalogue
) -> None:
    ws, id, before = imported
    link = journal.link_that_added(ws, "package", id)
    assert link is not None
    later = write(ws, tiny, DataValue.of(11), CellRef(VILLAGE, "trees", MONTHS[0]))
    after = contents(ws)
    assert fault(ws, lambda: undo(ws, link)) == "journal.later_change"
    assert contents(ws) == after
    undo(ws, later)
    undo(ws, link)
    assert contents(ws) == before


def test_later_changes_of_other_rows_stay(
    imported: tuple[Workspace, str, dict[str, list[tuple[object, ...]]]], tiny: Catalogue
) -> None:
    ws, id, _ = imported
    other = CellRef(VILLAGE, "trees", MONTHS[3])
    write(ws, tiny, DataValue.of(11), other)
    link = journal.link_that_added(ws, "package", id)
    assert link is not None
    undo(ws, link)
    assert values.read(ws, tiny) == {CELL: DataValue.of(598), other: DataValue.of(11)}


def test_a_row_that_somebody_put_back_by_hand_is_no_obstacle(office: Workspace, tiny: Catalogue) -> None:
    link = write(office, tiny, DataValue.of(598))
    write(office, tiny, None)
    undo(office, link)
    assert values.read(office, tiny) == {}


def test_a_pruned_file_does_not_stop_undo(
    imported: tuple[Workspace, str, dict[str, list[tuple[object, ...]]]],
) -> None:
    ws, id, before = imported
    link = journal.link_that_added(ws, "package", id)
    assert link is not None
    with ws.transaction("清理"):
        ws.db.conn.execute("DELETE FROM package_content WHERE id = ?", (id,))
    undo(ws, link)
    assert contents(ws) == before


def test_bytes_that_are_gone_are_said_to_be(office: Workspace) -> None:
    with office.transaction("附件"):
        attachments.keep(office, PHOTO)
    with office.transaction("清理"):
        office.db.conn.execute("DELETE FROM attachment")
    assert fault(office, lambda: undo(office, journal.links(office)[0].link)) == "journal.bytes_gone"
    assert not office.in_transaction
    undo(office, journal.links(office)[1].link)


def test_undo_of_a_link_that_never_was(office: Workspace) -> None:
    assert fault(office, lambda: undo(office, 99)) == "journal.unknown_link"


def test_who_added_a_row(office: Workspace, tiny: Catalogue) -> None:
    assert journal.link_that_added(office, "package", "c" * 64) is None
    with office.transaction("接收"):
        id = import_package(office, tiny)
        assert journal.link_that_added(office, "package", id) is None, "the link is not closed yet"
    assert journal.link_that_added(office, "package", id) == journal.links(office)[0].link


CELLS = st.builds(CellRef, st.just(VILLAGE), st.sampled_from(["households", "trees"]), st.sampled_from(MONTHS[:2]))
CONTENTS = st.sampled_from([None, NOT_STARTED, DataValue.of(1), DataValue.of(2)])


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.tuples(CELLS, CONTENTS), min_size=1, max_size=5), min_size=1, max_size=4))
def test_undoing_every_link_backwards_leads_back(
    office: Workspace, tiny: Catalogue, history: list[list[tuple[CellRef, DataValue | None]]]
) -> None:
    states, links = [], []
    for changes in history:
        states.append(values.read(office, tiny))
        before = journal.head(office)
        with office.transaction("填报"):
            for cell, content in changes:
                values.write(office, tiny, {cell: content})
        links.append(journal.links(office)[0].link if journal.head(office) != before else None)
    for state, link in zip(reversed(states), reversed(links), strict=True):
        if link is not None:
            undo(office, link)
        assert values.read(office, tiny) == state
    journal.verify(office)


def test_a_newer_shape_of_a_table_is_logged_from_then_on(office: Workspace, tiny: Catalogue) -> None:
    with office.transaction("台账结构"):
        office.db.conn.execute("CREATE TABLE reg_x (id TEXT NOT NULL PRIMARY KEY, before TEXT) STRICT")
        journal.install_triggers(office.db, "reg_x")
    with office.transaction("台账"):
        office.db.conn.execute("INSERT INTO reg_x VALUES ('1', '甲')")
    with office.transaction("台账结构"):
        office.db.conn.execute("ALTER TABLE reg_x ADD COLUMN built INTEGER")
        journal.install_triggers(office.db, "reg_x")
    with office.transaction("台账"):
        office.db.conn.execute("UPDATE reg_x SET before = '乙', built = 2020")
    undo(office, journal.links(office)[0].link)
    assert office.db.conn.execute("SELECT * FROM reg_x").fetchall() == [("1", "甲", None)]


def test_triggers_that_are_up_to_date_are_left_alone(office: Workspace) -> None:
    version = office.db.conn.execute("PRAGMA schema_version").fetchone()
    journal.install_all(office.db)
    assert office.db.conn.execute("PRAGMA schema_version").fetchone() == version


def test_the_catalogue_is_under_witness(office: Workspace, tiny: Catalogue) -> None:
    entry = office.db.conn.execute("SELECT after FROM journal WHERE entity = 'catalogue'").fetchone()
    assert json.loads(entry[0])["digest"] == catalogues.digest(office) == tiny.digest
