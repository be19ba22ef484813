"""What is measured on: a district and its towns with synthetic content, packages of two months, and workbooks.

Everything is made through the store and the services, in bulk. Workspaces are kept closed, in the states from which
the measurements begin; every round works on a copy, so that no round finds what another one left.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.entries import Entries, Row
from tests.bench.figures import values as invented
from tests.bench.workbook import write_workbook
from xzdesk.core.model import Catalogue, CellRef, DataValue, Level, OrgUnit
from xzdesk.core.observations import to_value
from xzdesk.core.periods import Period, period_range
from xzdesk.exchange.keys import format_number
from xzdesk.exchange.parts import Part
from xzdesk.services import check, enrol, outgoing, receive, session, start, submit
from xzdesk.services.receive import Status
from xzdesk.services.session import Session
from xzdesk.services.submit import Signature
from xzdesk.store import derive, register_staging, register_texts, users, values
from xzdesk.store.connect import Role

PASSPHRASE, SECOND = "油菜花 三月 河埠头", "石板桥 五月 荷花塘"
REASON = "测速用的编造数据，已与编造它的程序逐行核对，变动属实"
REVIEWER = "复核"
MONTHLY_SHARE = 0.015
"""Of a register's rows: how many are new, and how many are changed, from one month to the next."""

SETTLED = frozenset({"sewage_households", "households"})
"""Elements that the registers' served households call for."""

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of it."""

    rows: int
    """Register rows of each town."""
    month: Period
    towns: int
    """The largest ones of the catalogue."""


@dataclass(frozen=True, slots=True)
class Town:
    """One office below the district."""

    unit: OrgUnit
    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / f"{self.unit.code}.xzdb"

    @property
    def workbook(self) -> Path:
        """The last month's package as a workbook."""
        return self.folder / f"{self.unit.code}.xlsx"

    @property
    def before(self) -> Path:
        """Folder of the package of the month before the last."""
        return self.folder / "上月"

    @property
    def stick(self) -> Path:
        """Folder of the last month's package."""
        return self.folder / "本月"


@dataclass
class World:
    """Paths of the closed workspaces by state, and what goes with them."""

    folder: Path
    catalogue: Catalogue
    month: Period
    towns: Sequence[Town]
    findings: int = 0
    """Soft ones that were explained in the last month."""
    parts: dict[str, tuple[Part, ...]] = field(default_factory=dict, repr=False)
    """Of the last month's packages, by town."""

    @property
    def district_empty(self) -> Path:
        return self.folder / "区-空.xzdb"

    @property
    def district_before(self) -> Path:
        """Holding the month before the last, of every town."""
        return self.folder / "区-上月.xzdb"

    @property
    def district_after(self) -> Path:
        """Holding the last month too."""
        return self.folder / "区-本月.xzdb"

    @property
    def town_ready(self) -> Path:
        """The largest town, checked, explained and not yet sealed."""
        return self.folder / "镇-待上报.xzdb"


def copy_workspace(source: Path, target: Path) -> Path:
    """A closed workspace with its keys, in place of what may be there."""
    for suffix in ("", ".keys"):
        shutil.copyfile(f"{source}{suffix}", f"{target}{suffix}")
    return target


def reopen(path: Path, user: str | None = None) -> Session:
    return session.open_session(path, user, PASSPHRASE)


def build(folder: Path, catalogue: Catalogue, sizes: Sizes, report: Report, aside: Executor) -> World:
    """Make all of it in ``folder``; the workbooks ``aside``, at the same time."""
    units = [unit for unit in catalogue.units.values() if unit.level is Level.TOWN]
    units.sort(key=lambda unit: (-len(catalogue.children(unit.code)), unit.code))
    world = World(folder, catalogue, sizes.month, [Town(unit, folder) for unit in units[: sizes.towns]])
    for name in ("上月", "本月"):
        (folder / name).mkdir()
    report("开通工作库")
    district = folder / "区.xzdb"
    _enrol(world, district)
    copy_workspace(district, world.district_empty)
    writing: list[Future[None]] = []
    for town in world.towns:
        report(f"编造并封装 {town.unit.name}")
        _month_by_month(world, town, sizes, district)
        writing.append(aside.submit(write_workbook, town.workbook, world.parts[town.unit.code]))
    report("区接收上月")
    _import(district, folder / "上月")
    copy_workspace(district, world.district_before)
    report("区接收本月")
    _import(district, folder / "本月")
    copy_workspace(district, world.district_after)
    report("等工作簿写完")
    for each in writing:
        each.result()
    return world


def _enrol(world: World, path: Path) -> None:
    unit = world.catalogue.district.code
    started = start.create(path, unit=unit, catalogue=world.catalogue, user="专班", passphrase=PASSPHRASE)
    with started.session as district:
        start.prove_recovery(district, " ".join(started.paper.groups))
        for town in world.towns:
            invited = enrol.invite(district, town.unit, world.folder)
            enrolled = enrol.open_invitation(invited.path, invited.code, town.path, user="填报", passphrase=PASSPHRASE)
            with enrolled.session as office:
                with office.workspace.transaction("用户"):
                    users.add(office.workspace, REVIEWER, Role.REVIEWER, SECOND)
                receive.receive(district, [enrol.answer(office, world.folder)])
            enrol.trust_unit(district, town.unit, format_number(enrolled.number))


def _month_by_month(world: World, town: Town, sizes: Sizes, district: Path) -> None:
    """Fill the town's workspace up to the last month but one and seal that; enter the last one, and seal it too."""
    catalogue, month = world.catalogue, world.month
    below = catalogue.children(town.unit.code)
    entries = Entries(catalogue, below, sizes.rows, month.shift(-1).last_day, town.unit.code)
    given = _called_for(entries)
    with reopen(town.path, "填报") as office:
        _fill(office, month.shift(-1), entries, given)
        _take_earlier_years(district, office, month.year)
        _explain(office, month.shift(-1))
        _seal(office, month.shift(-1), town.before)
        with office.workspace.transaction("编造本月"):
            values.write(office.workspace, catalogue, invented(catalogue, office.units, [month], given))
            _take_rows(office, entries, entries.next_month(MONTHLY_SHARE))
        world.findings += _explain(office, month)
    if town is world.towns[0]:
        copy_workspace(town.path, world.town_ready)
    with reopen(town.path, "填报") as office:
        package = _seal(office, month, town.stick)
        world.parts[town.unit.code] = tuple(receive.open_for(office, package).parts.values())


def _called_for(entries: Entries) -> dict[tuple[str, str], int]:
    """A fifth more households than the registers serve, with room for the next month's."""
    sums: dict[str, int] = defaultdict(int)
    for register, number in (("sewage_facility", "households_served"), ("well", "households")):
        for unit, count in entries.totals(register, number).items():
            sums[unit] += count
    return {(unit, element): round(count * 1.2) + 40 for unit, count in sums.items() for element in SETTLED}


def _fill(office: Session, last: Period, entries: Entries, given: Mapping[tuple[str, str], int]) -> None:
    """Everything from the plan's first month to ``last``, of which alone stays open."""
    ws, catalogue = office.workspace, office.catalogue
    months = list(period_range(Period.month(catalogue.first_year, 1), last))
    with ws.transaction("编造"):
        values.write(ws, catalogue, invented(catalogue, office.units, months, given))
        _take_rows(office, entries, {code: entries.rows(code) for code in catalogue.registers})
    derived: dict[Period, dict[CellRef, DataValue]] = defaultdict(dict)
    for ref, content in derive.effective(ws, catalogue, office.units, last, len(months)).by_cell():
        element = catalogue.elements[ref.element]
        if element.derivation is not None and ref.period.year >= catalogue.first_year:
            derived[ref.period.end_month()][ref] = to_value(element, content)
    with ws.transaction("封存"):
        for month in months[:-1]:
            values.seal(ws, catalogue, [unit.code for unit in office.units], month, derived[month])


def _take_rows(office: Session, entries: Entries, rows: Mapping[str, Sequence[Row]]) -> None:
    allowed = {unit.code for unit in office.units}
    for code, schema in office.catalogue.registers.items():
        texts = [register_texts.SEPARATOR.join(row) for row in rows[code]]
        staged = register_staging.stage(office.workspace, schema, entries.header(code), texts, allowed)
        if staged.bad:
            raise RuntimeError(f"{code}: {staged.bad[0].cause}")
        register_staging.apply_staged(office.workspace, staged, remove=False)


def _take_earlier_years(path: Path, office: Session, year: int) -> None:
    """Leave at the district what it would hold of the town after the earlier years' packages."""
    catalogue = office.catalogue
    codes = {unit.code for unit in office.units}
    cells = values.observe(office.workspace, catalogue, units=codes, until=Period.month(year - 1, 12)).by_cell()
    held = {ref: to_value(catalogue.elements[ref.element], content) for ref, content in cells}
    with reopen(path) as district, district.workspace.transaction("往年"):
        values.write(district.workspace, catalogue, held)
        for month in period_range(Period.month(catalogue.first_year, 1), Period.month(year - 1, 12)):
            values.seal(district.workspace, catalogue, codes, month, {})


def _explain(office: Session, month: Period) -> int:
    """Give the reason of all soft findings; how many there are. Invented content has no hard ones."""
    result = check.check(office, month)
    if result.hard:
        raise RuntimeError(f"{month}: {result.hard[0].message}")
    if result.unexplained:
        check.give_reasons(office, result.unexplained, REASON)
    return len(result.findings)


def _seal(office: Session, month: Period, stick: Path) -> bytes:
    findings = submit.demand_ready(office, month)
    sealed = submit.seal_month(office, month, signature(), findings)
    outgoing.deliver(sealed, stick)
    return sealed.data


def signature() -> Signature:
    return Signature(REVIEWER, Role.REVIEWER)


def _import(path: Path, stick: Path) -> None:
    with reopen(path) as district:
        for arrived in receive.receive(district, [stick]):
            if arrived.status is not Status.ACCEPTED or arrived.effects.bad_rows:
                raise RuntimeError(f"{arrived.file}: {arrived.code}")
