"""What single offices do in the demonstration. Plain functions of paths and figures, so that they can run in
processes of their own, one office each.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from xzdesk.core.model import CellRef, DataValue, Finding, OrgUnit
from xzdesk.core.periods import Period
from xzdesk.services import catalogue_files, check, enrol, keep, outgoing, people, receive, record, returns, submit
from xzdesk.services.demo.entries import Entries
from xzdesk.services.demo.figures import Figures
from xzdesk.services.demo.script import Mistake, load
from xzdesk.services.session import Session, open_session
from xzdesk.store import settings
from xzdesk.store.connect import Role

PASSPHRASE = "演示口令 秀水泱泱"  # noqa: S105 - of invented data, printed for everybody
SECOND_PASSPHRASE = "演示复核 国泰民安"  # noqa: S105
RECORDER, REVIEWER = "填报员", "复核员"


class PlayedClock:
    """Goes on by a second with every look."""

    def __init__(self, moment: dt.datetime) -> None:
        self.moment = moment

    def __call__(self) -> dt.datetime:
        self.moment += dt.timedelta(seconds=1)
        return self.moment


@dataclass(frozen=True, slots=True)
class Setting:
    """The demonstration's terms; picklable."""

    folder: Path
    catalogue: str
    month: Period
    seed: int

    def clock(self, month: Period) -> PlayedClock:
        """The time of the story: the day before ``month`` is due, whatever day it is really."""
        following, day = month.shift(1), max(invented(self)[0].catalogue.due_day - 1, 1)
        return PlayedClock(dt.datetime(following.year, following.index, day, 1, tzinfo=dt.UTC))

    @property
    def stick(self) -> Path:
        return self.folder / "U盘"

    def workspace(self, unit: OrgUnit) -> Path:
        return self.folder / f"{unit.name}.xzdb"


@lru_cache(maxsize=2)
def invented(setting: Setting) -> tuple[Figures, Entries]:
    """Made once per process."""
    catalogue = catalogue_files.load_shipped(setting.catalogue)
    figures = Figures(catalogue, load(setting.catalogue), setting.month, setting.seed)
    return figures, Entries(figures)


@dataclass(frozen=True, slots=True)
class Began:
    """An office that has enrolled: its number for the phone call, its reply, and what it has handed in already."""

    unit: str
    number: str
    reply: Path
    packages: tuple[Path, ...]
    cells: int
    rows: int


def begin(setting: Setting, unit: OrgUnit, invitation: Path, code: str, *, history: bool) -> Began:
    """Open the invitation, let a second person in, and record and hand in what lies before the last month."""
    months = hand_in_months(setting) if history else [setting.month]
    clock = setting.clock(months[0])
    enrolled = enrol.open_invitation(
        invitation, code, setting.workspace(unit), user=RECORDER, passphrase=PASSPHRASE, clock=clock
    )
    with enrolled.session as session:
        mark(session)
        people.add(session, REVIEWER, Role.REVIEWER, SECOND_PASSPHRASE)
        reply = enrol.answer(session, setting.stick)
        packages, cells, rows = _history(setting, session, clock) if history else ((), 0, 0)
    return Began(unit.code, enrolled.number, reply, packages, cells, rows)


def opened(setting: Setting, unit: OrgUnit) -> Session:
    """The unit's workspace in the last month of the story."""
    return open_session(setting.workspace(unit), RECORDER, PASSPHRASE, clock=setting.clock(setting.month))


def mark(session: Session) -> None:
    """Say in the workspace that its data are invented."""
    with session.workspace.transaction("演示数据"):
        settings.put(session.workspace, settings.DEMONSTRATION, True)


def _history(setting: Setting, session: Session, clock: PlayedClock) -> tuple[tuple[Path, ...], int, int]:
    """Year by year: record, explain, hand in. The last month is left for the story."""
    packages: list[Path] = []
    cells = rows = 0
    before: Period | None = None
    for until in hand_in_months(setting):
        clock.moment = max(clock.moment, setting.clock(until).moment)
        written, entered = record_until(setting, session, before, until)
        packages.append(hand_in(setting, session, until))
        cells, rows, before = cells + written, rows + entered, until
    return tuple(packages), cells, rows


def hand_in_months(setting: Setting) -> list[Period]:
    """The months with which the years before end, and the month before the last one."""
    figures, _ = invented(setting)
    years = range(figures.first.year, setting.month.year)
    months = [Period.month(year, 12) for year in years]
    previous = setting.month.shift(-1)
    return months if not setting.month.index > 1 else [*months, previous]


def record_until(setting: Setting, session: Session, after: Period | None, until: Period) -> tuple[int, int]:
    """Record every figure and entry after ``after`` up to ``until``; how many cells and rows."""
    figures, entries = invented(setting)
    own = {unit.code for unit in session.units}
    if after is not None and session.office.code == figures.script.office_of_villages:
        # Its villages record the last month by themselves.
        own = {session.office.code} if until is setting.month else own
    baseline = Period.of_year(figures.catalogue.baseline_year)

    def due(period: Period) -> bool:
        if period is baseline:
            return after is None
        return period.last_month <= until.last_month and (after is None or period.last_month > after.last_month)

    cells = {ref: value for ref, value in figures.of_units(own).items() if due(ref.period)}
    rows = [entry for entry in entries.all() if entry.unit in own and due(entry.month)]
    with session.workspace.transaction(f"演示数据 {until}"):
        for entry in rows:
            record.write_row(session, entry.register, entry.unit, entry.fields, new_id=entry.id)
        record.write_cells(session, cells)
    return len(cells), len(rows)


def hand_in(setting: Setting, session: Session, month: Period) -> Path:
    """Have the month signed, seal it and write it to the stick; what is soft is explained first."""
    explain(setting, session, month)
    signature = submit.sign(session, REVIEWER, SECOND_PASSPHRASE)
    sealed = submit.submit(session, month, signature)
    return outgoing.deliver(sealed, setting.stick)


def explain(setting: Setting, session: Session, month: Period) -> int:
    """Give the script's explanation for every soft finding that has none; how many."""
    figures, _ = invented(setting)
    open_findings = [finding for result in submit.check_all(session, month) for finding in result.unexplained]
    if open_findings:
        check.give_reasons(session, open_findings, figures.script.explanation)
    return len(open_findings)


@dataclass(frozen=True, slots=True)
class MonthDone:
    """A town's (or village's) last month: what the checks found, and the package."""

    unit: str
    cells: int
    rows: int
    found: tuple[str, ...]
    """Messages of the planted mistakes that the checks found before anything was sealed."""
    explained: int
    package: Path | None
    seconds: float


def last_month(setting: Setting, unit: OrgUnit, incoming: Sequence[Path], *, seal: bool = True) -> MonthDone:
    """Take what came from above and below, record the last month with its mistakes, mend what the checks find, seal."""
    figures, _ = invented(setting)
    begun = dt.datetime.now(dt.UTC)
    with opened(setting, unit) as session:
        demand_taken(receive.receive(session, incoming) if incoming else ())
        before = setting.month.shift(-1) if setting.month.index > 1 or setting.month.year > figures.first.year else None
        cells, rows = record_until(setting, session, before, setting.month)
        villages_record = unit.code == figures.script.office_of_villages
        own = {unit.code} if villages_record else {u.code for u in session.units}
        mistakes = [m for m in figures.script.mistakes if m.unit in own]
        _plant(session, setting.month, mistakes)
        found = _mend(setting, session, [m for m in mistakes if m.found_by == "check"])
        explained = explain(setting, session, setting.month)
        keep.back_up(session)
        package = hand_in(setting, session, setting.month) if seal else None
    seconds = (dt.datetime.now(dt.UTC) - begun).total_seconds()
    return MonthDone(unit.code, cells, rows, found, explained, package, seconds)


def demand_taken(arrived: Collection[receive.Arrived]) -> None:
    """Raises ``RuntimeError`` when a package of the story was not taken: then the program is at fault."""
    for each in arrived:
        if each.status is not receive.Status.ACCEPTED:
            raise RuntimeError(f"demonstration: {each.code}")


def _plant(session: Session, month: Period, mistakes: Sequence[Mistake]) -> None:
    if not mistakes:
        return
    wrong: dict[CellRef, DataValue | None] = {}
    for mistake in mistakes:
        element = session.catalogue.elements[mistake.element]
        content = Decimal(mistake.value) if element.numeric else mistake.value
        wrong[CellRef(mistake.unit, mistake.element, month.latest(element.frequency))] = DataValue.of(content)
    record.record_cells(session, wrong)


def _mend(setting: Setting, session: Session, mistakes: Sequence[Mistake]) -> tuple[str, ...]:
    """Every planted mistake must be found; then the right figure is recorded."""
    if not mistakes:
        return ()
    figures, _ = invented(setting)
    findings = check.check(session, setting.month).findings
    found = []
    right: dict[CellRef, DataValue | None] = {}
    for mistake in mistakes:
        named = [f for f in findings if f.unit == mistake.unit and concerns(session, f, mistake.element)]
        if not named:
            raise RuntimeError(f"demonstration: the checks miss {mistake.element} of {mistake.unit}")
        found.append(f"{session.catalogue.units[mistake.unit].name}：{named[0].message}")
        element = session.catalogue.elements[mistake.element]
        ref = CellRef(mistake.unit, mistake.element, setting.month.latest(element.frequency))
        right[ref] = figures.of(mistake.element)[ref]
    record.record_cells(session, right)
    return tuple(found)


def concerns(session: Session, finding: Finding, element: str) -> bool:
    """Whether a finding is shown at, or reads, the element."""
    rule = next((rule for rule in session.catalogue.rules if rule.code == finding.rule), None)
    return finding.field == element or (rule is not None and element in rule.marks)


def mend_returned(setting: Setting, unit: OrgUnit, receipts: Sequence[Path]) -> Path:
    """Take the receipts in, record the right figure in each returned cell, and hand the month in again."""
    figures, _ = invented(setting)
    with opened(setting, unit) as session:
        demand_taken(receive.receive(session, receipts))
        returned = [r.place for r in returns.standing(session) if isinstance(r.place, CellRef)]
        record.record_cells(session, {ref: figures.of(ref.element)[ref] for ref in returned})
        return hand_in(setting, session, setting.month)
