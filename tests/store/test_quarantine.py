"""Rows that could not be taken wait, stop nothing, and go when a later package of their office comes."""

import pytest

from xzdesk.store import packages, quarantine
from xzdesk.store.connect import Workspace
from xzdesk.store.packages import Direction, PackageKind, PackageStatus
from xzdesk.store.quarantine import RowStatus


def package(ws: Workspace, id: str, unit: str, sequence: int) -> None:
    packages.record(
        ws, id=id, direction=Direction.IN, kind=PackageKind.SUBMISSION, unit=unit, epoch=1, sequence=sequence,
        previous="" if sequence == 1 else "p1", period=None, status=PackageStatus.ACCEPTED, manifest="{}", content=b"",
    )  # fmt: skip


def test_rows_wait_with_their_content_and_cause(office: Workspace) -> None:
    with office.transaction("接收"):
        package(office, "p1", "990101101", 1)
        quarantine.add(
            office,
            "p1",
            [("values.csv", 7, ["households", "x", "", "九", "\n"], "不是数"), ("values.csv", 2, [], "空行")],
        )
    found = quarantine.listing(office)
    assert [(row.line, row.content, row.cause) for row in found] == [
        (2, (), "空行"),
        (7, ("households", "x", "", "九", "\n"), "不是数"),
    ]
    assert quarantine.causes(office, "p1") == {"不是数": 1, "空行": 1}
    assert "九" not in repr(found), "contents may be personal"


def test_a_later_package_of_the_same_office_settles_what_waits(office: Workspace) -> None:
    with office.transaction("接收"):
        package(office, "p1", "990101101", 1)
        package(office, "o1", "990101001", 1)
        quarantine.add(office, "p1", [("values.csv", 2, ["a"], "不是数")])
        quarantine.add(office, "o1", [("values.csv", 2, ["a"], "不是数")])
    with office.transaction("接收"):
        package(office, "p2", "990101101", 2)
        quarantine.add(office, "p2", [])
    assert [(row.package, row.status) for row in quarantine.listing(office)] == [
        ("o1", RowStatus.WAITING),
        ("p1", RowStatus.SUPERSEDED),
    ]
    assert [row.package for row in quarantine.listing(office, status=RowStatus.WAITING)] == ["o1"]


def test_a_person_can_put_a_row_aside(office: Workspace) -> None:
    with office.transaction("接收"):
        package(office, "p1", "990101101", 1)
        quarantine.add(office, "p1", [("values.csv", 2, ["a"], "不是数")])
        quarantine.set_status(office, quarantine.listing(office, "p1")[0], RowStatus.DROPPED)
    assert quarantine.causes(office, "p1") == {}


def test_writing_needs_a_transaction(office: Workspace) -> None:
    with pytest.raises(RuntimeError):
        quarantine.add(office, "p1", [])
