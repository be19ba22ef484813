"""A district that a town lies to: how it stands before each lie, and what no lie may touch.

Each case begins with a copy of a district that holds the figures of two towns, and is held against what no package
of the lying town may touch: the other town's rows, everybody's keys, the catalogue.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.e2e.liar import MONTH, Liar, Tables
from tests.e2e.state import check_whole, foreign
from tests.services.conftest import DISTRICT, SECOND, TOWN, VILLAGE, Offices, fill
from xzdesk.core.errors import UserError
from xzdesk.core.model import RowRef
from xzdesk.exchange.manifest import Kind
from xzdesk.services import check, outgoing, receive, record, returns, submit
from xzdesk.services.receive import Arrived, Status
from xzdesk.services.session import Session
from xzdesk.store import attachments, verdicts

OTHER, OTHER_VILLAGE = "990101001", "990101001201"
PHOTO, OTHER_PHOTO = b"\x89PNG\r\n\x1a\n" + b"mine", b"\x89PNG\r\n\x1a\n" + b"theirs"
NO_ROW = "00000000-0000-4000-8000-000000000000"
REASON = "老井能力由水务站另行测定，见2024年1月函"
WELL = {"name": "一号井", "kind": "集中", "households": Decimal(5), "built_on": dt.date(2024, 1, 9), "state": "正常"}


@dataclass(frozen=True)
class World:
    """The district as it stands before each lie, and what the liar has to work with."""

    district: Path
    key: bytes
    liar: Liar
    honest: Tables
    """The town's true state, as its next package would carry it."""
    own_row: str
    other_row: str
    """A well of the other town."""
    own_units: frozenset[str]
    fingerprint: str
    """Of a finding of the other town that has been explained."""


def make_world(prepared: Offices) -> World:
    """A district, a town that will lie and one that will not, both with a month handed in."""
    district = prepared.district()
    town, other = prepared.below(district, TOWN, "镇"), prepared.below(district, OTHER, "街道")
    rows = {}
    for session, village, photo in ((town, VILLAGE, PHOTO), (other, OTHER_VILLAGE, OTHER_PHOTO)):
        fill(session, MONTH)
        rows[session] = record.record_row(session, "well", village, WELL).rows[0].id
        with session.workspace.transaction("照片"):
            digest = attachments.keep(session.workspace, photo)
            attachments.use(session.workspace, [attachments.Use(RowRef("well", rows[session]), digest, "照片")])
        found = check.check(session, MONTH).unexplained
        check.give_reasons(session, found, REASON)
        signature = submit.sign(session, f"{session.workspace.user[:-2]}复核", SECOND)
        first = outgoing.deliver(submit.submit(session, MONTH, signature), prepared.stick)
        assert receive.receive(district, [first])[0].status is Status.ACCEPTED
    liar = Liar.of(town, DISTRICT)
    opened = receive.open_for(district, submit.submit(town, MONTH, submit.sign(town, "镇复核", SECOND)).data)
    theirs = [reason for reason in verdicts.all_reasons(district.workspace) if reason.unit == OTHER_VILLAGE]
    made = World(
        district.workspace.path,
        district.workspace.data_key,
        liar,
        Tables.of(opened.parts, opened.manifest.body),
        rows[town],
        rows[other],
        frozenset(unit.code for unit in town.units),
        theirs[0].fingerprint,
    )
    prepared.close()
    return made


def submission(world: World, tables: Tables | None = None, **manifest: Any) -> bytes:
    made = tables or world.honest
    return world.liar.seal(Kind.SUBMISSION, made.parts, made.body, **{"period": str(MONTH), **manifest})


def receive_lie(world: World, district: Session, data: bytes) -> Arrived | str:
    """What became of it, or the code of the refusal; what nobody may touch has not been touched."""
    before = foreign(district, world.own_units)
    try:
        return receive.receive_bytes(district, "假包.xzpkg", data)
    except UserError as error:
        return error.code if error.message else "a refusal without a word"
    finally:
        assert foreign(district, world.own_units) == before
        check_whole(district)
        everyday(district)


def everyday(district: Session) -> None:
    """What an office does all day still works on what is now held."""
    check.check(district, MONTH)
    check.check(district, MONTH, [unit for unit in district.catalogue.units.values() if unit.kind == "village"])
    returns.standing(district)
    for correction in verdicts.corrections_of_year(district.workspace, MONTH.year):
        element = district.catalogue.elements[correction.ref.element]
        assert element
        for value in (correction.before, correction.after):
            check.value_text(district, correction.ref, value)
