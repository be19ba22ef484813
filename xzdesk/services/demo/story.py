"""The month played from end to end with invented data: enrol, record, check, seal, carry, import, return, mend, freeze.

Towns work in processes of their own while the district takes in what has arrived. Everything stays in the folder.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from xzdesk.core.errors import UserError
from xzdesk.core.model import CellRef, Level, OrgUnit
from xzdesk.core.periods import Period
from xzdesk.core.progress import SILENT, Progress
from xzdesk.services import aggregate, enrol, freeze, keep, rank, receipt, receive, returns, start, target_split, task
from xzdesk.services.demo import offices
from xzdesk.services.demo.figures import Figures
from xzdesk.services.demo.offices import Began, Setting
from xzdesk.services.outgoing import deliver
from xzdesk.services.receive import Arrived
from xzdesk.services.returns import ReturnRequest
from xzdesk.services.session import Session, open_session
from xzdesk.store import packages

NOTE = "演示数据说明.txt"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the story: what was done and how long it took (seconds)."""

    what: str
    seconds: float
    details: tuple[str, ...] = ()


@dataclass(slots=True)
class Told:
    """The whole demonstration: its steps, and the results at the end."""

    folder: Path
    month: Period
    district: Path
    """The district's workspace."""
    names: dict[str, str]
    """Of the units, by code."""
    registers: dict[str, str]
    """Titles of the registers, by code."""
    steps: list[Step] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    """Cells, rows by register, packages, bytes."""
    refused: list[Arrived] = field(default_factory=list)
    """The replayed, forked and altered packages, with what was said of them."""
    missing: list[str] = field(default_factory=list)
    """Names of the towns that have not handed the month in."""
    overview: aggregate.Overview | None = None
    ranking: rank.Ranking | None = None


def play(setting: Setting, progress: Progress = SILENT, on_step: Callable[[Step], None] | None = None) -> Told:
    """Play the demonstration into ``setting.folder``, which must be new or empty. ``on_step`` hears of each step done.

    Raises ``UserError`` ``demo.folder``, ``demo.month``, ``demo.script``; ``Cancelled``.
    """
    figures, entries = offices.invented(setting)
    _check(setting, figures)
    # Made before the pool, whose processes share it.
    figures.of_units(())
    entries.all()
    setting.stick.mkdir(parents=True)
    catalogue = figures.catalogue
    told = Told(
        setting.folder,
        setting.month,
        setting.workspace(catalogue.district),
        {unit.code: unit.name for unit in catalogue.units.values()},
        {schema.code: schema.title for schema in catalogue.registers.values()},
    )
    story = _Story(setting, told, progress, on_step)
    with ProcessPoolExecutor(max_workers=max(1, os.cpu_count() or 1)) as pool, story.district() as district:
        story.own_figures(district)
        story.enrol_towns(district, pool)
        story.split_and_issue(district)
        story.villages(pool)
        story.last_month(district, pool)
        story.returns(district, pool)
        story.attacks(district)
        story.publish(district)
    story.count()
    return told


def _check(setting: Setting, figures: Figures) -> None:
    catalogue = figures.catalogue
    if not catalogue.first_year <= setting.month.year <= catalogue.last_year:
        raise UserError(
            "demo.month",
            f"{setting.month.label()}不在规划期内。",
            f"请选 {catalogue.first_year} 年 2 月至 {catalogue.last_year} 年 12 月之间的月份。",
        )
    if setting.month is figures.first:
        raise UserError(
            "demo.month", "演示至少要有两个月的数据。", f"请选{figures.first.shift(1).label()}或更晚的月份。"
        )
    if setting.folder.exists() and (not setting.folder.is_dir() or any(setting.folder.iterdir())):
        raise UserError(
            "demo.folder",
            f"文件夹“{setting.folder.name}”里已有内容，没有覆盖。",
            "请用 --dir 指定一个新文件夹，或先清空它。",
        )


class _Story:
    def __init__(
        self, setting: Setting, told: Told, progress: Progress, on_step: Callable[[Step], None] | None
    ) -> None:
        self._on_step = on_step
        self._setting = setting
        self._told = told
        self._progress = progress
        self._figures, self._entries = offices.invented(setting)
        self._catalogue = self._figures.catalogue
        self._towns = [u for u in self._catalogue.units.values() if u.level is Level.TOWN]
        self._script = self._figures.script
        self._clock = setting.clock(self._figures.first)

    @contextmanager
    def _step(self, what: str) -> Iterator[list[str]]:
        self._progress.tick(what)
        begun = time.monotonic()
        details: list[str] = []
        yield details
        step = Step(what, time.monotonic() - begun, tuple(details))
        self._told.steps.append(step)
        if self._on_step is not None:
            self._on_step(step)

    @contextmanager
    def district(self) -> Iterator[Session]:
        office = self._catalogue.district
        with self._step(f"建立{office.name}工作库，打印并试用纸质恢复密钥") as details:
            started = start.create(
                self._setting.workspace(office),
                unit=office.code,
                catalogue=self._catalogue,
                user=offices.RECORDER,
                passphrase=offices.PASSPHRASE,
                clock=self._clock,
            )
            start.prove_recovery(started.session, " ".join(started.paper.groups))
            offices.mark(started.session)
            self._note(started.paper.groups)
            details.append(f"口令和恢复密钥写在“{NOTE}”里")
        with started.session as session:
            yield session

    def _note(self, groups: Sequence[str]) -> None:
        text = (
            "这个文件夹里的全部数据都是编造的演示数据，可以随时删除。\n"
            f"各工作库的用户：{offices.RECORDER}（口令 {offices.PASSPHRASE}），"
            f"{offices.REVIEWER}（口令 {offices.SECOND_PASSPHRASE}）。\n"
            f"{self._catalogue.district.name}的纸质恢复密钥：{' '.join(groups)}\n"
        )
        (self._setting.folder / NOTE).write_text(text, encoding="utf-8")

    def _run(self, what: str, jobs: Sequence[tuple[OrgUnit, Future[T]]]) -> Iterator[tuple[OrgUnit, T]]:
        """Results as they come, with progress."""
        by_future = {future: unit for unit, future in jobs}
        for number, future in enumerate(as_completed(by_future), 1):
            self._progress.tick(what, number, len(jobs))
            yield by_future[future], future.result()

    def enrol_towns(self, district: Session, pool: ProcessPoolExecutor) -> None:
        what = f"{len(self._towns)} 个镇、街道开通，补报历史数据"
        with self._step(what) as details:
            began = self._begin(district, pool, self._towns, what, history=True)
            for number, month in enumerate(offices.hand_in_months(self._setting)):
                self._advance(month)
                arrived = receive.receive(district, [office.packages[number] for office in began])
                offices.demand_taken(arrived)
            self._advance(self._setting.month)
            cells, rows = sum(b.cells for b in began), sum(b.rows for b in began)
            brought = sum(len(b.packages) for b in began)
            details.append(f"历史数据 {cells:,} 格、台账 {rows:,} 行，由 {brought} 个数据包接收")

    def _begin(
        self, upper: Session, pool: ProcessPoolExecutor, units: Sequence[OrgUnit], what: str, *, history: bool
    ) -> list[Began]:
        """Invite, let each enrol by itself, compare the numbers, import what they brought."""
        jobs = []
        for unit in units:
            invited = enrol.invite(upper, unit, self._setting.stick)
            begin = pool.submit(offices.begin, self._setting, unit, invited.path, invited.code, history=history)
            jobs.append((unit, begin))
        began = []
        for unit, office in self._run(what, jobs):
            offices.demand_taken(receive.receive(upper, [office.reply]))
            enrol.trust_unit(upper, unit, office.number)
            began.append(office)
        return began

    def _advance(self, month: Period) -> None:
        """Let the district's clock go on to the time when ``month`` is handed in."""
        self._clock.moment = max(self._clock.moment, self._setting.clock(month).moment)

    def own_figures(self, district: Session) -> None:
        """What the district reports itself."""
        with self._step(f"{district.office.name}填报区级数据") as details:
            cells, _ = offices.record_until(self._setting, district, None, self._setting.month)
            details.append(f"{cells:,} 格")

    def split_and_issue(self, district: Session) -> None:
        with self._step("目标分解到镇、街道，下发任务包") as details:
            split = len(target_split.split_all(district))
            issued = task.issue(district, task.trusted_units(district))
            self._down = {p.unit: deliver(p, self._setting.stick) for p in issued}
            details.append(f"分解 {split} 项目标，写出 {len(issued)} 个任务包")

    def villages(self, pool: ProcessPoolExecutor) -> None:
        town = self._catalogue.units[self._script.office_of_villages]
        units = self._catalogue.children(town.code)
        what = f"{town.name}的 {len(units)} 个村、社区各自开通，填报并上报"
        with self._step(what) as details, self._open(town) as session:
            offices.demand_taken(receive.receive(session, [self._down.pop(town.code)]))
            self._begin(session, pool, units, what, history=False)
            down = {p.unit: deliver(p, self._setting.stick) for p in task.issue(session, units)}
            jobs = [(u, pool.submit(offices.last_month, self._setting, u, [down[u.code]])) for u in units]
            sealed = [self._needed(done.package) for _, done in self._run(what, jobs)]
            arrived = receive.receive(session, sealed)
            offices.demand_taken(arrived)
            details.append(f"镇里接收 {len(arrived)} 个村级上报包")

    @contextmanager
    def _open(self, unit: OrgUnit) -> Iterator[Session]:
        with offices.opened(self._setting, unit) as session:
            yield session

    @staticmethod
    def _needed(package: Path | None) -> Path:
        if package is None:
            raise RuntimeError("demonstration: nothing was sealed")
        return package

    def last_month(self, district: Session, pool: ProcessPoolExecutor) -> None:
        what = f"各镇、街道填报{self._setting.month.label()}，审核，复核签名，封装"
        with self._step(what) as details:
            jobs = []
            for unit in self._towns:
                incoming = [self._down[unit.code]] if unit.code in self._down else []
                on_time = unit.code != self._script.late
                jobs.append((unit, pool.submit(offices.last_month, self._setting, unit, incoming, seal=on_time)))
            done = [month for _, month in self._run(what, jobs)]
            found = [message for month in done for message in month.found]
            details += [f"审核发现：{message}" for message in found]
            explained, sealed = sum(m.explained for m in done), sum(m.package is not None for m in done)
            details.append(f"说明 {explained} 条软性问题，封装 {sealed} 包")
        self._packages = {month.unit: month.package for month in done if month.package is not None}
        self._import(district)

    def _import(self, district: Session) -> None:
        with self._step("区里备份，预演，接收上报包") as details:
            keep.back_up(district, progress=self._progress)
            came = list(self._packages.values())
            preview = receive.receive(district, came, dry_run=True)
            arrived = receive.receive(district, came)
            offices.demand_taken(arrived)
            if [each.effects for each in preview] != [each.effects for each in arrived]:
                raise RuntimeError("demonstration: the dry run told something else")
            cells = sum(len(each.effects.cells) for each in arrived)
            odd = [oddity for each in arrived for oddity in each.effects.oddities]
            details.append(f"{len(arrived)} 包，变动 {cells:,} 格，可疑 {len(odd)} 处")

    def returns(self, district: Session, pool: ProcessPoolExecutor) -> None:
        wanted = [m for m in self._script.mistakes if m.found_by == "district"]
        with self._step("区里退回错格，写回执；镇里改正后重新上报，区里再次接收") as details:
            requests = []
            for mistake in wanted:
                element, unit = self._catalogue.elements[mistake.element], self._catalogue.units[mistake.unit]
                ref = CellRef(unit.code, element.code, self._setting.month.latest(element.frequency))
                requests.append(ReturnRequest(ref, mistake.reason))
                details.append(f"退回 {unit.name}“{element.name}”：{mistake.reason}")
            noted = returns.return_places(district, self._setting.month, requests)
            receipts = receipt.write_receipts(district, receipt.heard_from(district))
            down = {p.unit: deliver(p, self._setting.stick) for p in receipts}
            concerned = sorted({r.office for r in noted})
            units = self._catalogue.units
            jobs = [
                (units[code], pool.submit(offices.mend_returned, self._setting, units[code], [down[code]]))
                for code in concerned
            ]
            again = [package for _, package in self._run("镇里改正", jobs)]
            arrived = receive.receive(district, again)
            offices.demand_taken(arrived)
            mended = sum(each.effects.mended for each in arrived)
            if mended != len(noted) or returns.standing(district):
                raise RuntimeError("demonstration: a returned cell was not mended")
            details.append(f"{mended} 处已改正")

    def attacks(self, district: Session) -> None:
        """A package once more, one from a restored backup, one altered: refused or set aside, each with its message."""
        with self._step("重放、旧备份分叉、改动过的数据包") as details:
            town = next(unit for unit in self._towns if unit.code in self._packages)
            genuine = self._packages[town.code]
            altered = self._setting.stick / "被改动的数据包.xzpkg"
            content = bytearray(genuine.read_bytes())
            content[len(content) // 2] ^= 1
            altered.write_bytes(content)
            forked = self._forked(town)
            for path in (genuine, forked, altered):
                arrived = receive.receive(district, [path])[0]
                if arrived.status is receive.Status.ACCEPTED:
                    raise RuntimeError("demonstration: a bad package was accepted")
                self._told.refused.append(arrived)
                details.append(f"{path.name}：{arrived.message}")

    def _forked(self, town: OrgUnit) -> Path:
        """The town's workspace put back to the backup it made before its last package, and handed in once more."""
        workspace = self._setting.workspace(town)
        restored = self._setting.folder / "恢复" / workspace.name
        restored.parent.mkdir()
        backup = keep.listing(self._setting.workspace(town))[0]
        keep.restore(backup.path, restored, offices.RECORDER, offices.PASSPHRASE)
        with open_session(restored, offices.RECORDER, offices.PASSPHRASE) as session:
            return offices.hand_in(self._setting, session, self._setting.month)

    def publish(self, district: Session) -> None:
        month = self._setting.month
        with self._step(f"{month.label()}汇总、排名、定版") as details:
            self._told.overview = aggregate.aggregate(district, month)
            self._told.ranking = rank.rank(district, month)
            frozen = freeze.freeze(district, month)
            details.append(f"第 {frozen.edition} 版，摘要 {frozen.digest[:16]}…")
            handed_in = packages.who_is_missing(district.workspace, [unit.code for unit in self._towns], month)
            self._told.missing = [unit.name for unit in self._towns if handed_in[unit.code] is None]

    def count(self) -> None:
        counts = self._told.counts
        counts["cells"] = len(self._figures.all())
        for register in self._catalogue.registers:
            counts[register] = len(self._entries.of(register))
        written = list(self._setting.stick.glob("*.xzpkg"))
        counts["packages"] = len(written)
        counts["package_bytes"] = sum(path.stat().st_size for path in written)
        counts["workspace_bytes"] = sum(path.stat().st_size for path in self._setting.folder.glob("*.xzdb"))
