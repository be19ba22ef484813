"""Anything in any place: every column of every part, and every name of the manifest's body, filled with whatever.

What is promised is little and holds for all of it: a package is taken or refused with a ``UserError``, the office works
on, and what belongs to others stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.e2e.anything import TEXTS, THINGS
from tests.e2e.liar import MONTH, Tables
from tests.e2e.state import check_whole, contents, foreign
from tests.e2e.world import World, everyday
from tests.services.conftest import VILLAGE
from xzdesk.core.errors import UserError
from xzdesk.exchange.manifest import BODY_NAMES, Kind
from xzdesk.services import receive
from xzdesk.services.receive import Arrived, Status
from xzdesk.services.session import Session
from xzdesk.store import packages
from xzdesk.store.packages import Direction

CORRECTION = (
    "households",
    VILLAGE,
    "2024-01",
    "n:300",
    "n:301",
    "补录一户，见村务公开",
    "2024-02-01T00:00:00Z",
    "某某",
)
EXPLAINED = ("0" * 64, "households_jump", VILLAGE, "2024-01", "补录一户，见村务公开", "2024-02-01T00:00:00Z", "某某")


class Sender:
    """Sends one package after the other to one district; the number rises with what is taken."""

    def __init__(self, world: World, district: Session) -> None:
        self._world, self._district = world, district
        self.before = foreign(district, world.own_units)

    def send(self, tables: Tables, created: int) -> Arrived | str:
        liar = self._world.liar
        head = packages.chain_head(self._district.workspace, liar.unit, Direction.IN, liar.key.epoch)
        at = f"2026-11-05T02:{created // 60:02}:{created % 60:02}Z"
        data = replace(liar, head=head).seal(Kind.SUBMISSION, tables.parts, tables.body, period=str(MONTH), created=at)
        try:
            arrived = receive.receive_bytes(self._district, "包.xzpkg", data)
        except UserError as error:
            return error.code
        assert foreign(self._district, self._world.own_units) == self.before
        return arrived


def columns(tables: Tables) -> Iterator[tuple[str, int]]:
    for name, (header, _) in tables.tables.items():
        for place in range(len(header)):
            yield name, place


def filled(tables: Tables, name: str, place: int) -> Tables:
    """With one row for every text: an honest row, but for that text in the column."""
    honest = tables.rows(name)[0]
    rows = []
    for number, text in enumerate(TEXTS):
        row = list(honest)
        if name.startswith("register_"):
            row[0] = f"{number:08}-0000-4000-8000-000000000000"
        row[place] = text
        rows.append(row)
    return tables.put(name, rows)


def with_a_row_everywhere(world: World) -> Tables:
    """The honest package, with a row in every part."""
    test = ["0" * 8 + "-0000-4000-8000-" + "0" * 12, VILLAGE, "0", "1", world.own_row, "2024-01-20", "", "", "yes"]
    made = world.honest.put("register_well_test.csv", [test]).put("corrections.csv", [CORRECTION])
    made = made.put("findings.csv", [EXPLAINED])
    assert all(rows for _, rows in made.tables.values())
    return made


def test_any_text_in_any_column(world: World, district: Session) -> None:
    honest, sender = with_a_row_everywhere(world), Sender(world, district)
    outcomes = [
        sender.send(filled(honest, name, place), number) for number, (name, place) in enumerate(columns(honest))
    ]
    assert len(outcomes) >= 40
    assert all(isinstance(outcome, str) or outcome.status is Status.ACCEPTED for outcome in outcomes)
    assert sum(isinstance(outcome, Arrived) for outcome in outcomes) >= 20
    check_whole(district)
    everyday(district)


@pytest.mark.parametrize("name", BODY_NAMES)
def test_anything_under_any_name_of_the_body(world: World, district: Session, name: str) -> None:
    sender = Sender(world, district)
    before = contents(district)
    for number, thing in enumerate(THINGS):
        outcome = sender.send(world.honest.say(**{name: thing}), number)
        if isinstance(outcome, str):
            assert outcome.startswith(("package.", "key.", "rotation.", "period."))
            assert contents(district) == before
        before = contents(district)
    check_whole(district)
    everyday(district)
