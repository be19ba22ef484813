"""What was accepted stays known under an own edit."""

from decimal import Decimal

import pytest

from xzdesk.core.model import NOT_STARTED, Catalogue, CellRef, DataValue
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


def test_writing_needs_a_transaction(office: Workspace) -> None:
    with pytest.raises(RuntimeError):
        own_edits.drop(office, INCOME)
