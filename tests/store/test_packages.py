"""Packages written and received: their status, the chains, sealed files, and what may be dropped."""

import pytest

from xzdesk.core.periods import Period
from xzdesk.store import packages
from xzdesk.store.connect import Workspace
from xzdesk.store.packages import ChainHead, Direction, PackageKind, PackageRecord, PackageStatus

CREEK, PINE = "990101101", "990101001"
MARCH = Period.month(2026, 3)


def record(
    ws: Workspace,
    id: str,
    sequence: int = 1,
    *,
    unit: str = CREEK,
    epoch: int = 1,
    direction: Direction = Direction.IN,
    kind: PackageKind = PackageKind.SUBMISSION,
    period: Period | None = MARCH,
    status: PackageStatus = PackageStatus.ACCEPTED,
) -> PackageRecord:
    return packages.record(
        ws,
        id=id,
        direction=direction,
        kind=kind,
        unit=unit,
        epoch=epoch,
        sequence=sequence,
        previous="" if sequence == 1 else f"before {id}",
        period=period,
        status=status,
        manifest=f'{{"题":"{id}"}}',
        content=f"sealed {id}".encode(),
        counts={"values": 7},
    )


def test_a_record_comes_back_with_its_file(office: Workspace) -> None:
    with office.transaction("接收"):
        made = record(office, "p1")
        without_period = record(office, "t1", kind=PackageKind.TASK, period=None)
    assert packages.find(office, "p1") == made
    assert (made.counts, made.recorded_by, made.period) == ({"values": 7}, "王会计", MARCH)
    assert packages.find(office, "t1") == without_period
    assert packages.content(office, "p1") == b"sealed p1"
    assert packages.find(office, "p2") is None
    assert packages.content(office, "p2") is None


def test_lists_go_newest_first_within_a_chain(office: Workspace) -> None:
    with office.transaction("接收"):
        record(office, "a", 1)
        record(office, "b", 2)
        record(office, "c", 1, epoch=2, status=PackageStatus.QUARANTINED)
        record(office, "d", 1, unit=PINE)
        record(office, "e", 1, direction=Direction.OUT, kind=PackageKind.RECEIPT, status=PackageStatus.SEALED)
    assert [each.id for each in packages.listing(office)] == ["d", "c", "b", "a", "e"]
    assert [each.id for each in packages.listing(office, direction=Direction.OUT)] == ["e"]
    assert [each.id for each in packages.listing(office, unit=CREEK, status=PackageStatus.ACCEPTED)] == ["b", "a"]
    assert [each.id for each in packages.listing(office, kind=PackageKind.RECEIPT)] == ["e"]


@pytest.mark.parametrize(
    ("direction", "begin", "steps"),
    [
        (Direction.OUT, PackageStatus.SEALED, [PackageStatus.ACKNOWLEDGED, PackageStatus.SUPERSEDED]),
        (Direction.OUT, PackageStatus.SEALED, [PackageStatus.SUPERSEDED, PackageStatus.ACKNOWLEDGED]),
        (Direction.IN, PackageStatus.QUARANTINED, [PackageStatus.ACCEPTED, PackageStatus.UNDONE]),
        (Direction.IN, PackageStatus.ACCEPTED, [PackageStatus.SUPERSEDED, PackageStatus.ACCEPTED]),
        (Direction.IN, PackageStatus.ACCEPTED, [PackageStatus.UNDONE, PackageStatus.QUARANTINED]),
    ],
)
def test_a_package_moves_from_step_to_step(
    office: Workspace, direction: Direction, begin: PackageStatus, steps: list[PackageStatus]
) -> None:
    with office.transaction("接收"):
        record(office, "p1", direction=direction, status=begin)
        for status in steps:
            assert packages.set_status(office, "p1", status, "因").status is status
    found = packages.find(office, "p1")
    assert found is not None
    assert (found.status, found.cause) == (steps[-1], "因")


@pytest.mark.parametrize(
    ("direction", "begin", "step"),
    [
        (Direction.OUT, PackageStatus.SEALED, PackageStatus.ACCEPTED),
        (Direction.OUT, PackageStatus.SEALED, PackageStatus.UNDONE),
        (Direction.IN, PackageStatus.QUARANTINED, PackageStatus.UNDONE),
        (Direction.IN, PackageStatus.ACCEPTED, PackageStatus.ACKNOWLEDGED),
        (Direction.IN, PackageStatus.ACCEPTED, PackageStatus.QUARANTINED),
    ],
)
def test_a_step_that_cannot_be_is_a_fault(
    office: Workspace, direction: Direction, begin: PackageStatus, step: PackageStatus
) -> None:
    with office.transaction("接收"):
        record(office, "p1", direction=direction, status=begin)
        with pytest.raises(RuntimeError):
            packages.set_status(office, "p1", step)
        assert packages.set_status(office, "p1", begin, "另有原因").cause == "另有原因"
        with pytest.raises(RuntimeError):
            packages.set_status(office, "p2", step)


def test_recording_twice_or_in_a_wrong_status_is_a_fault(office: Workspace) -> None:
    with office.transaction("接收"):
        record(office, "p1")
        with pytest.raises(RuntimeError):
            record(office, "p1")
        for direction, status in ((Direction.OUT, PackageStatus.ACCEPTED), (Direction.IN, PackageStatus.SEALED)):
            with pytest.raises(RuntimeError):
                record(office, "p2", direction=direction, status=status)


def test_a_chain_only_goes_forward(office: Workspace) -> None:
    assert packages.chain_head(office, CREEK, Direction.IN, 1) is None
    with office.transaction("接收"):
        packages.advance(office, CREEK, Direction.IN, 1, 1, "a")
        packages.advance(office, CREEK, Direction.IN, 1, 5, "b")
        assert packages.advance(office, CREEK, Direction.IN, 1, 5, "b") == ChainHead(5, "b")
        for sequence, id in ((5, "c"), (4, "c"), (0, "c")):
            with pytest.raises(RuntimeError):
                packages.advance(office, CREEK, Direction.IN, 1, sequence, id)
        packages.advance(office, CREEK, Direction.IN, 2, 1, "d")
        packages.advance(office, CREEK, Direction.OUT, 1, 1, "e")
    assert packages.chain_head(office, CREEK, Direction.IN, 1) == ChainHead(5, "b")
    assert packages.chain_head(office, CREEK, Direction.IN, 2) == ChainHead(1, "d")
    assert packages.chain_head(office, CREEK, Direction.OUT, 1) == ChainHead(1, "e")
    assert packages.chain_head(office, PINE, Direction.IN, 1) is None


def test_a_number_is_taken_by_what_was_taken(office: Workspace) -> None:
    with office.transaction("接收"):
        record(office, "a", 1)
        record(office, "b", 2, status=PackageStatus.QUARANTINED)
        record(office, "c", 3, direction=Direction.OUT, status=PackageStatus.SEALED)
    assert packages.number_taken(office, CREEK, 1, 1)
    assert not packages.number_taken(office, CREEK, 1, 2), "waiting is not taken"
    assert not packages.number_taken(office, CREEK, 1, 3), "our own numbers are another chain"
    assert not packages.number_taken(office, CREEK, 2, 1)
    with office.transaction("接收"):
        packages.set_status(office, "a", PackageStatus.SUPERSEDED)
    assert packages.number_taken(office, CREEK, 1, 1)


def test_who_has_handed_in(office: Workspace) -> None:
    with office.transaction("接收"):
        record(office, "a", 1)
        record(office, "b", 2)
        record(office, "c", 1, epoch=2)
        record(office, "d", 2, epoch=2, status=PackageStatus.QUARANTINED)
        record(office, "e", 1, unit=PINE, period=Period.month(2026, 2))
        record(office, "f", 9, unit=PINE, kind=PackageKind.ENROLMENT)
    newest = packages.latest_accepted(office, CREEK)
    assert newest is not None
    assert newest.id == "c"
    assert packages.latest_accepted(office, PINE, MARCH) is None
    missing = packages.who_is_missing(office, [PINE, CREEK, "990101"], MARCH)
    assert list(missing) == [PINE, CREEK, "990101"]
    assert missing[CREEK] == newest
    assert missing[PINE] is missing["990101"] is None


def test_a_package_of_a_later_month_of_the_year_brings_a_month_that_did_not_come_itself(office: Workspace) -> None:
    with office.transaction("接收"):
        record(office, "december", 1, period=Period.month(2025, 12))
        record(office, "february", 2, period=Period.month(2026, 2))
        record(office, "april", 3, period=Period.month(2026, 4))
        record(office, "may", 4, period=Period.month(2026, 5))
    found = {month: packages.who_is_missing(office, [CREEK], Period.month(2026, month))[CREEK] for month in range(1, 7)}
    brought = {month: record.id if record else None for month, record in found.items()}
    assert brought == {1: "february", 2: "february", 3: "april", 4: "april", 5: "may", 6: None}
    assert packages.who_is_missing(office, [CREEK], Period.month(2025, 11))[CREEK] is not None


def test_only_files_that_nothing_needs_are_dropped(office: Workspace) -> None:
    with office.transaction("接收"):
        for sequence in range(1, 5):
            record(office, f"march{sequence}", sequence)
        record(office, "earlier", 1, epoch=3, period=Period.month(2025, 12))
        record(office, "other", 1, unit=PINE)
        record(office, "waiting", 9, status=PackageStatus.QUARANTINED)
        record(office, "unsent", 1, direction=Direction.OUT, status=PackageStatus.SEALED)
        record(office, "done", 2, direction=Direction.OUT, status=PackageStatus.SEALED)
        packages.set_status(office, "done", PackageStatus.ACKNOWLEDGED)
        packages.set_status(office, "march1", PackageStatus.SUPERSEDED)
    with office.transaction("清理"):
        assert packages.prune(office) == 3
    kept = {each.id for each in packages.listing(office) if packages.content(office, each.id) is not None}
    assert kept == {"march3", "march4", "earlier", "other", "waiting", "unsent"}
    assert len(packages.listing(office)) == 9, "records stay for ever"
    with office.transaction("清理"):
        assert packages.prune(office) == 0


def test_writing_needs_a_transaction(office: Workspace) -> None:
    with pytest.raises(RuntimeError):
        record(office, "p1")
    with pytest.raises(RuntimeError):
        packages.prune(office)
