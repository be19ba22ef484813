"""定版: numbered editions that never change."""

import hashlib

import pytest

from xzdesk.core.periods import Period
from xzdesk.store import snapshots
from xzdesk.store.connect import Workspace

MARCH, APRIL = Period.month(2026, 3), Period.month(2026, 4)


def test_an_edition_comes_back_as_it_was_frozen(office: Workspace) -> None:
    content = {"indicators": [{"code": "x", "figure": "89.0"}], "题": "通报"}
    with office.transaction("定版"):
        made = snapshots.add(office, MARCH, content)
    assert made.edition == 1
    assert made.content == content
    assert (
        made.digest == hashlib.sha256('{"indicators":[{"code":"x","figure":"89.0"}],"题":"通报"}'.encode()).hexdigest()
    )
    assert snapshots.find(office, MARCH) == snapshots.find(office, MARCH, 1) == made
    assert snapshots.find(office, APRIL) is None
    assert snapshots.find(office, MARCH, 2) is None


def test_publishing_anew_adds_an_edition_only_when_something_changed(office: Workspace) -> None:
    with office.transaction("定版"):
        first = snapshots.add(office, MARCH, {"a": 1, "b": 2})
        assert snapshots.add(office, MARCH, {"b": 2, "a": 1}) == first
        second = snapshots.add(office, MARCH, {"a": 2})
        april = snapshots.add(office, APRIL, {"a": 1})
    assert (second.edition, april.edition) == (2, 1)
    assert [(str(e.period), e.edition) for e in snapshots.editions(office)] == [
        ("2026-04", 1),
        ("2026-03", 2),
        ("2026-03", 1),
    ]
    assert [e.digest for e in snapshots.editions(office, MARCH)] == [second.digest, first.digest]
    found = snapshots.find(office, MARCH, 1)
    assert found is not None
    assert found.content == {"a": 1, "b": 2}


def test_what_json_cannot_hold_is_a_fault(office: Workspace) -> None:
    with pytest.raises(ValueError, match="JSON"), office.transaction("定版"):
        snapshots.add(office, MARCH, {"a": float("nan")})


def test_writing_needs_a_transaction(office: Workspace) -> None:
    with pytest.raises(RuntimeError):
        snapshots.add(office, MARCH, {})
