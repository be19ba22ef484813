"""责任分解 as it is kept."""

from decimal import Decimal

import pytest

from xzdesk.store import journal, target_splits
from xzdesk.store.connect import Workspace
from xzdesk.store.target_splits import TargetSplit

CREEK, PINE = "990101101", "990101001"
SPLITS = [
    TargetSplit("served_share", PINE, 2026, Decimal("89.5"), by_hand=True),
    TargetSplit("served_share", CREEK, 2026, Decimal(90)),
    TargetSplit("served_share", CREEK, 2028, Decimal(95)),
    TargetSplit("trainees", CREEK, 2026, Decimal(-1)),
]


def test_splits_come_back_in_order(office: Workspace) -> None:
    with office.transaction("分解"):
        target_splits.write(office, SPLITS)
    assert target_splits.read(office) == tuple(sorted(SPLITS))
    assert target_splits.read(office, units={PINE}) == (SPLITS[0],)
    assert target_splits.read(office, indicator="trainees") == (SPLITS[3],)
    assert target_splits.read(office, year=2028, units=[CREEK, PINE]) == (SPLITS[2],)
    assert target_splits.read(office, units=[]) == ()


def test_a_new_value_takes_the_place_of_the_old_one(office: Workspace) -> None:
    with office.transaction("分解"):
        target_splits.write(office, SPLITS)
    head = journal.head(office)
    with office.transaction("分解"):
        target_splits.write(office, SPLITS)
    assert journal.head(office) == head
    changed = TargetSplit("trainees", CREEK, 2026, Decimal("1000"), by_hand=True)
    with office.transaction("分解"):
        target_splits.write(office, [changed])
    assert target_splits.read(office, indicator="trainees") == (changed,)


def test_a_split_can_be_taken_back(office: Workspace) -> None:
    with office.transaction("分解"):
        target_splits.write(office, SPLITS)
        assert target_splits.clear(office, "served_share", 2026) == 2
        assert target_splits.clear(office, "served_share", 2026) == 0
    assert set(target_splits.read(office)) == set(SPLITS[2:])


@pytest.mark.parametrize(("text", "value"), [("12.50", Decimal("12.50")), ("-3", Decimal(-3)), ("0", Decimal(0))])
def test_plain_numbers_are_read(text: str, value: Decimal) -> None:
    assert target_splits.read_value(text) == value


@pytest.mark.parametrize("text", ["", "-", "1e9", "NaN", "１２", "1,000", "1.1234567", "9" * 16, "12\n"])
def test_other_texts_are_no_target(text: str) -> None:
    assert target_splits.read_value(text) is None


def test_writing_needs_a_transaction(office: Workspace) -> None:
    with pytest.raises(RuntimeError):
        target_splits.write(office, SPLITS)
