"""The measurements: sealing, receiving, saving, aggregating. Each takes a finished world and gives its lines.

What is compared is done in turn within one round, on fresh copies of the workspaces; only the named call is timed.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Literal

from sqlcipher3 import dbapi2

from tests.bench.timing import Line, columns, timed, timed_once
from tests.bench.world import World, copy_workspace, reopen, signature
from xzdesk.core.model import CellRef, DataValue
from xzdesk.services import aggregate, outgoing, receive, record, submit
from xzdesk.services.receive import Status
from xzdesk.services.session import Session
from xzdesk.store.connect import LOG_BYTES

MOST_SEALING, LEAST_RECEIVING, MOST_SAVING, MOST_AGGREGATING = 2.0, 10.0, 1.5, 0.5
LONG_ROUNDS = 3
SAVES = 200
"""Cells saved one by one in each round."""

_BARE_TABLE = "CREATE TABLE cell (unit TEXT, period TEXT, element TEXT, number INTEGER)"
_BARE_INSERT = "INSERT INTO cell VALUES (?, ?, ?, ?)"


def sealing(world: World, rounds: int) -> list[Line]:
    """A town's month: from checked and signed to recorded, against ``gzip -6 | age``; and the check before it."""
    town = world.towns[0]
    plain = world.folder / "parts.bin"
    plain.write_bytes(b"".join(part.content for part in world.parts[town.unit.code]))
    taken = []
    for _ in range(rounds):
        with _copy(world, world.town_ready, "填报") as office:
            upper = outgoing.partner_of(office, office.office.parent)
            recipients = outgoing.recipients_of(office, upper)
            checking, findings = timed(submit.demand_ready, office, world.month)
            sealing, _ = timed(submit.seal_month, office, world.month, signature(), findings)
        piping, _ = timed(_pipe, plain, recipients)
        taken.append((sealing, checking, piping))
    seal, check, pipe = columns(taken)
    return [
        Line("seal", "封装一个镇的一个月", seal, "gzip -6 | age", pipe, bound=MOST_SEALING),
        Line("demand", "封装前的全部审核", check, "gzip -6 | age", pipe),
    ]


def _pipe(plain: Path, recipients: Sequence[str]) -> None:
    """What the distribution's programs take for the same bytes and recipients."""
    age, gzip = shutil.which("age"), shutil.which("gzip")
    if age is None or gzip is None:
        raise RuntimeError("age and gzip are needed for this comparison")
    sealed = plain.with_suffix(".age")
    to = [argument for recipient in recipients for argument in ("-r", recipient)]
    with plain.open("rb") as source, subprocess.Popen([gzip, "-6"], stdin=source, stdout=subprocess.PIPE) as packing:
        subprocess.run([age, *to, "-o", str(sealed)], stdin=packing.stdout, check=True)


def receiving(world: World, rounds: int) -> list[Line]:
    """All towns' month imported, verified and checked, against reading the same as workbooks.

    The first line is what happens every month: the district holds the month before. The second is the worst case, a
    district that holds nothing at all. A round takes most of a minute, so there are at most ``LONG_ROUNDS``.
    """
    # Loading the libraries is not reading.
    for library in ("pandas", "openpyxl", "python_calamine"):
        importlib.import_module(library)
    taken = []
    for _ in range(min(rounds, LONG_ROUNDS)):
        monthly, first = _receive(world, world.district_before), _receive(world, world.district_empty)
        taken.append((monthly, first, timed(_read, world, "openpyxl")[0], timed(_read, world, "calamine")[0]))
    before, empty, excel, calamine = columns(taken)
    reference = "pandas.read_excel"
    return [
        Line("receive", "接收、核验、审核各镇一个月", before, reference, excel, bound=LEAST_RECEIVING, faster=True),
        Line("receive_first", "同上，区里还没有任何数据", empty, reference, excel, faster=True),
        Line("receive_calamine", "同第一行，对 calamine 引擎", before, f"{reference} calamine", calamine, faster=True),
    ]


def _read(world: World, engine: Literal["openpyxl", "calamine"]) -> None:
    """Everything of every workbook into frames, as pandas does it without being told anything."""
    import pandas as pd

    for town in world.towns:
        pd.read_excel(town.workbook, sheet_name=None, engine=engine)


def _receive(world: World, state: Path) -> float:
    with _copy(world, state) as district:
        taken, arrived = timed(receive.receive, district, [world.towns[0].stick])
    if len(arrived) != len(world.towns) or any(each.status is not Status.ACCEPTED for each in arrived):
        raise RuntimeError("not every package was accepted")
    return taken


def saving(world: World, rounds: int) -> list[Line]:
    """One cell saved durably, against a bare insert and commit; median of many in each round.

    The workspace's log has its full length from the start, a bare one grows with every commit; so the second line
    compares with a bare one that was given the same length.
    """
    taken = []
    for _ in range(rounds):
        with _copy(world, world.town_ready, "填报") as office, _bare(office, 0) as bare:
            growing = _saves(world, office, bare)
        with _copy(world, world.town_ready, "填报") as office, _bare(office, LOG_BYTES) as bare:
            taken.append((*growing, *_saves(world, office, bare)))
    save, insert, again, laid_out = columns(taken)
    reference = "SQLCipher INSERT + COMMIT"
    return [
        Line("save", "保存一格（落盘）", save, reference, insert, bound=MOST_SAVING),
        Line("save_laid_out", "同上，对照也预先占好日志", again, reference, laid_out),
    ]


def _saves(world: World, office: Session, bare: dbapi2.Connection) -> tuple[float, float]:
    """Median seconds of a save and of a bare insert, in turn."""
    cells, pairs = _open_numbers(world, office), []
    for number in range(SAVES):
        cell, value = cells[number % len(cells)], DataValue.of(Decimal(number // len(cells) % 2 + 2))
        own, _ = timed_once(record.record_cells, office, {cell: value})
        row = (cell.unit, str(cell.period), cell.element, number)
        pairs.append((own, timed_once(_insert, bare, row)[0]))
    own_times, bare_times = columns(pairs)
    return statistics.median(own_times), statistics.median(bare_times)


def _open_numbers(world: World, office: Session) -> list[CellRef]:
    """Cells of the open month in which any small whole number may stand."""
    catalogue = world.catalogue
    return [
        CellRef(unit.code, element.code, world.month)
        for element in catalogue.elements.values()
        for unit in office.units
        if element.numeric and element.derivation is None and element.asks(unit)
        and world.month.latest(element.frequency) is world.month
    ]  # fmt: skip


@contextlib.contextmanager
def _bare(office: Session, log_bytes: int) -> Iterator[dbapi2.Connection]:
    """A database beside the workspace with the same kind of key and the same promise to keep what is committed."""
    path = office.workspace.path.with_name("bare.db")
    connection = dbapi2.connect(str(path), isolation_level=None)
    try:
        connection.execute(f"PRAGMA key = \"x'{office.workspace.data_key.hex()}'\"")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(_BARE_TABLE)
        with path.with_name("bare.db-wal").open("r+b") as log:
            log.write(bytes(max(0, log_bytes - log.seek(0, os.SEEK_END))))
        yield connection
    finally:
        connection.close()
        path.unlink()


def _insert(connection: dbapi2.Connection, row: tuple[str, str, str, int]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(_BARE_INSERT, row)
    connection.execute("COMMIT")


def aggregating(world: World, rounds: int) -> list[Line]:
    """All indicators from all months of the plan up to the last, of all units."""
    taken = []
    with _copy(world, world.district_after) as district:
        for _ in range(rounds):
            taken.append(timed(aggregate.aggregate, district, world.month)[0])
    return [Line("aggregate", "汇总规划期全部月份的全部单位", tuple(taken), bound=MOST_AGGREGATING)]


@contextlib.contextmanager
def _copy(world: World, state: Path, user: str | None = None) -> Iterator[Session]:
    """A workspace that may be changed and is gone afterwards."""
    path = copy_workspace(state, world.folder / "round.xzdb")
    try:
        with reopen(path, user) as session:
            yield session
    finally:
        for left in world.folder.glob("round.xzdb*"):
            left.unlink()
