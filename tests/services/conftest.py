"""Real offices for the services' tests: a district, a town and a village of the tiny catalogue, enrolled as in life."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest

from xzdesk.core.model import Catalogue, CellRef, DataValue, Level
from xzdesk.core.periods import Period
from xzdesk.exchange.keys import format_number
from xzdesk.services import check, enrol, outgoing, receive, record, start, submit
from xzdesk.services.session import Session
from xzdesk.store import users
from xzdesk.store.connect import Role

PASSPHRASE = "油菜花 三月 河埠头"
SECOND = "石板桥 五月 荷花塘"
DISTRICT, TOWN, VILLAGE = "990101", "990101101", "990101101201"


@dataclass
class Clock:
    """A clock that moves a minute with every look, so that no two things happen at once."""

    now: dt.datetime = dt.datetime(2026, 11, 2, 1, 0, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        self.now += dt.timedelta(minutes=1)
        return self.now


@dataclass
class Offices:
    """Makes offices under one folder; ``stick`` is the USB stick."""

    folder: Path
    catalogue: Catalogue
    clock: Clock = field(default_factory=Clock)
    sessions: list[Session] = field(default_factory=list)

    @property
    def stick(self) -> Path:
        path = self.folder / "U盘"
        path.mkdir(exist_ok=True)
        return path

    def district(self) -> Session:
        started = start.create(
            self.folder / "区.xzdb",
            unit=DISTRICT,
            catalogue=self.catalogue,
            user="区专班",
            passphrase=PASSPHRASE,
            clock=self.clock,
        )
        start.prove_recovery(started.session, " ".join(started.paper.groups))
        return self._keep(started.session)

    def below(self, upper: Session, unit: str, name: str, *, trusted: bool = True) -> Session:
        """Invite, enrol and (after the phone call) trust an office below ``upper``."""
        office = self.catalogue.units[unit]
        invited = enrol.invite(upper, office, self.stick)
        enrolled = enrol.open_invitation(
            invited.path,
            invited.code,
            self.folder / f"{name}.xzdb",
            user=f"{name}填报",
            passphrase=PASSPHRASE,
            clock=self.clock,
        )
        session = self._keep(enrolled.session)
        with session.workspace.transaction("用户"):
            users.add(session.workspace, f"{name}复核", Role.REVIEWER, SECOND)
        reply = enrol.answer(session, self.stick)
        receive.receive(upper, [reply])
        if trusted:
            enrol.trust_unit(upper, office, format_number(enrolled.number))
        return session

    def _keep(self, session: Session) -> Session:
        self.sessions.append(session)
        return session

    def close(self) -> None:
        for session in self.sessions:
            session.close()


def fill(session: Session, month: Period) -> None:
    """Fill every cell that the office has to fill in for ``month`` with an unremarkable content."""
    catalogue = session.catalogue
    changes: dict[CellRef, DataValue | None] = {}
    living = [unit for unit in session.units if session.lineage.exists(unit.code, month)]
    for ref in check.asked_cells(session, living, month):
        element = catalogue.elements[ref.element]
        if element.derivation is None:
            changes[ref] = ordinary(element.code, element.choices, element.numeric)
            if element.code == "households":
                # A village has the households of those that it took in.
                changes[ref] = DataValue.of(300 * len(session.lineage.predecessors(ref.unit, month)))
    if month == Period.month(catalogue.first_year, 1) or session.level is not Level.DISTRICT:
        baseline = Period.of_year(catalogue.baseline_year)
        for element in catalogue.elements.values():
            for unit in session.units:
                if element.baseline and element.asks(unit):
                    changes[CellRef(unit.code, element.code, baseline)] = DataValue.of(Decimal(2))
    record.record_cells(session, changes)


def ordinary(code: str, choices: tuple[tuple[str, str], ...], numeric: bool) -> DataValue:
    numbers = {"households": 300, "residents": 30_000, "places": 120, "assets": 900, "income": 20, "output": 4000}
    if numeric:
        return DataValue.of(Decimal(numbers.get(code, 3)))
    return DataValue.of(choices[0][0])


def hand_in(session: Session, month: Period, stick: Path, reviewer: str) -> Path:
    """Second signature, seal, write to the stick."""
    signature = submit.sign(session, reviewer, SECOND)
    return outgoing.deliver(submit.submit(session, month, signature), stick)


@pytest.fixture
def offices(tmp_path: Path, tiny: Catalogue) -> Iterator[Offices]:
    made = Offices(tmp_path, tiny)
    yield made
    made.close()
