"""What was accepted stays known under an own edit."""

import datetime as dt
from decimal import Decimal

import pytest

from xzdesk.core.model import NOT_STARTED, Catalogue, CellRef, DataValue, RegisterRow, RowRef
from xzdesk.core.periods import Period
from xzdesk.store import own_edits
from xzdesk.store.connect import Workspace

UPPER, LOWER = "990101101201", "990101101202"
MARCH = Period.month(2026, 3)
INCOME = CellRef(UPPER, "income", Period.quarter(2026, 1))
GRADE = CellRef(LOWER, "grade", MARCH)


def test_the_accepted_content_is_kept_under_the_first_edit(office: Workspace, tiny: Catalogue) -> None:
    with office.transaction("自改"):
        own_edits.note(office, INCOME, DataValue.of(Decimal("12.50")), "按合同核减")
        own_edits.note(office, GRADE, DataValue.of("none"), "已评定")
        own_edits.note(office, CellRef(LOWER, "trees", MARCH), None, "漏报")
        own_edits.note(office, INCOME, DataValue.of(99), "再次核减")
    assert own_edits.read(office, tiny) == {
        INCOME: DataValue.of(Decimal("12.50")),
        GRADE: DataValue.of("none"),
        CellRef(LOWER, "trees", MARCH): None,
    }
    assert set(own_edits.read(office, tiny, {UPPER})) == {INCOME}
    assert own_edits.reasons(office)[INCOME] == "再次核减"


def test_a_package_moves_the_accepted_content_of_edited_cells_only(office: Workspace, tiny: Catalogue) -> None:
    with office.transaction("自改"):
        own_edits.note(office, INCOME, None, "漏报")
        own_edits.set_accepted(office, INCOME, NOT_STARTED)
        own_edits.set_accepted(office, GRADE, NOT_STARTED)
    assert own_edits.read(office, tiny) == {INCOME: NOT_STARTED}


def test_a_dropped_edit_is_gone(office: Workspace, tiny: Catalogue) -> None:
    with office.transaction("自改"):
        own_edits.note(office, INCOME, None, "漏报")
        own_edits.drop(office, INCOME)
        own_edits.drop(office, GRADE)
    assert own_edits.read(office, tiny) == {}


def test_rows_are_kept_with_every_kind_of_field(office: Workspace, tiny: Catalogue) -> None:
    schema = tiny.registers["well"]
    fields = {field.name: None for field in schema.fields} | {
        "name": "东井",
        "capacity": Decimal("2.5"),
        "households": Decimal(30),
        "built_on": dt.date(2024, 5, 6),
        "standard": "yes",
    }
    row = RegisterRow("w1", UPPER, fields, deleted=True, revision=7)
    with office.transaction("自改"):
        own_edits.note_row(office, schema, row, "户数有误")
    assert own_edits.read_rows(office, schema) == {"w1": own_edits.OwnRowEdit(row, "户数有误")}
    assert own_edits.read_rows(office, tiny.registers["well_test"]) == {}
    newer = RegisterRow("w1", UPPER, fields | {"households": Decimal(31)}, revision=8)
    with office.transaction("接收"):
        own_edits.set_accepted_row(office, schema, newer)
    assert own_edits.read_rows(office, schema)["w1"].accepted == newer
    with office.transaction("接收"):
        own_edits.drop_row(office, RowRef("well", "w1"))
    assert own_edits.read_rows(office, schema) == {}


def test_writing_needs_a_transaction(office: Workspace) -> None:
    with pytest.raises(RuntimeError):
        own_edits.drop(office, INCOME)
