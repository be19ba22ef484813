"""kill -9 at random points of saving, submitting and importing: what was acknowledged is there, nothing is half.

Half of the points lie at calls that touch a file or the database, chosen by their number; the others come from the
clock and may lie inside such a call. XZDESK_E2E_KILLS sets how many there are.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.kill_child import MONTH, REVIEWED, cells, clock
from tests.e2e.state import Contents, check_whole, contents, copy_workspace, open_with_key
from tests.services.conftest import TOWN, VILLAGE, Offices, fill
from xzdesk.core.errors import UserError
from xzdesk.core.model import DataValue
from xzdesk.services import outgoing, receive, record, stick, submit
from xzdesk.services.receive import Status
from xzdesk.services.session import Session
from xzdesk.store import packages, values
from xzdesk.store.packages import Direction

POINTS = int(os.environ.get("XZDESK_E2E_KILLS", "200"))
POINTS_EACH = -(-POINTS // 3)
WELLS = 200
LAST_TOUCHES = 40
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the workers are forked")
Order = dict[str, Any]


@dataclass(frozen=True)
class Office:
    """A closed workspace that every point begins with a copy of."""

    path: Path
    key: bytes
    user: str

    def open(self, path: Path) -> Session:
        return open_with_key(path, self.key, self.user, clock)


@dataclass(frozen=True)
class Prepared:
    district: Office
    town: Office
    package: Path
    """The town's first submission, sealed in a copy of ``town``."""


class Warm:
    """The warm process of kill_child.py."""

    def __init__(self) -> None:
        root = str(Path(__file__).parents[2])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.kill_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=root,
            env={**os.environ, "PYTHONPATH": root},
        )

    def run(self, order: Order) -> tuple[list[str], float]:
        """What the worker said before it ended or was killed, and how long it lived, in seconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        said = []
        while not (line := self._process.stdout.readline().decode().rstrip()).startswith("over "):
            assert line, "the warm process has ended"
            said.append(line)
        return said, float(line.removeprefix("over "))

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    process = Warm()
    yield process
    process.close()


@pytest.fixture(scope="module")
def ready(prepared: Offices) -> Prepared:
    district = prepared.district()
    town = prepared.below(district, TOWN, "镇")
    fill(town, MONTH)
    with town.workspace.transaction("供水点"):
        for number in range(WELLS):
            fields = {"name": f"{number}号井", "kind": "单户", "capacity": Decimal("1.5"), "households": Decimal(1)}
            rest = {"built_on": MONTH.first_day, "state": "正常"}
            record.write_row(town, "well", VILLAGE, fields | rest)
    kept = [Office(s.workspace.path, s.workspace.data_key, s.workspace.user) for s in (district, town)]
    prepared.close()
    folder = prepared.folder / "封装"
    folder.mkdir()
    with kept[1].open(copy_workspace(kept[1].path, folder)) as session:
        package = outgoing.deliver(submit.submit(session, MONTH, REVIEWED), folder)
    return Prepared(*kept, package)


class Kills:
    """Runs one step again and again in copies of an office's workspace."""

    def __init__(self, warm: Warm, office: Office, step: str, folder: Path, **more: str) -> None:
        self.office, self.stick = office, folder / "U盘"
        self._warm, self._folder = warm, folder / "工作库"
        self._order = {"step": step, "key": office.key.hex(), "user": office.user, "stick": str(self.stick), **more}
        self._chance = random.Random(f"2026 {step}")

    def whole(self) -> tuple[Path, list[str], int]:
        """The step without a kill: workspace, what was acknowledged, how many touches it takes."""
        said, _ = self._once()
        assert said[-1].startswith("touches ")
        return self._path, said[:-1], int(said[-1].removeprefix("touches "))

    def points(self, count: int) -> Iterator[tuple[Path, list[str]]]:
        """``count`` times: the workspace that was killed somewhere, and what had been acknowledged."""
        *_, touches = self.whole()
        took = min(self._once()[1] for _ in range(2))
        finished = 0
        for number in range(count):
            if number % 2:
                said, _ = self._once(after=self._chance.uniform(took / 100, took))
            else:
                # Every other one near the end, where what was committed goes to the stick and the file is closed.
                first = 1 if number % 4 else max(1, touches - LAST_TOUCHES)
                said, _ = self._once(touch=self._chance.randint(first, touches))
            if said and said[-1].startswith("touches "):
                finished += 1
                said.pop()
            yield self._path, said
        assert finished <= count * 2 // 3, "the workers were hardly ever killed"

    @property
    def _path(self) -> Path:
        return self._folder / self.office.path.name

    def _once(self, touch: int = 0, after: float = 0.0) -> tuple[list[str], float]:
        for folder in (self._folder, self.stick):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        copy_workspace(self.office.path, self._folder)
        return self._warm.run({**self._order, "path": str(self._path), "touch": touch, "after": after})


def test_saved_cells_survive(warm: Warm, ready: Prepared, tmp_path: Path) -> None:
    kills = Kills(warm, ready.town, "cells", tmp_path)
    path, said, _ = kills.whole()
    with ready.town.open(path) as session:
        order = cells(session)
        assert len(said) == len(order) == saved_in(session)
    for path, said in kills.points(POINTS_EACH):
        with ready.town.open(path) as session:
            check_whole(session)
            saved = saved_in(session)
            assert len(said) <= saved <= len(said) + 1
            if saved < len(order):
                record.record_cells(session, {order[saved]: DataValue.of(saved)})
                assert saved_in(session) == saved + 1


def saved_in(session: Session) -> int:
    """How many of the cells are there: the first ones, each with its own number."""
    order = cells(session)
    found = values.read(session.workspace, session.catalogue, periods={cell.period for cell in order})
    found = {cell: value for cell, value in found.items() if cell.element == "trainees"}
    assert found == {cell: DataValue.of(number) for number, cell in enumerate(order[: len(found)])}
    return len(found)


def test_a_submission_is_recorded_whole_or_not_at_all(warm: Warm, ready: Prepared, tmp_path: Path) -> None:
    kills = Kills(warm, ready.town, "submit", tmp_path)
    path, said, _ = kills.whole()
    assert [line.split()[0] for line in said] == ["sealed", "delivered"]
    before, after = state_of(ready.town, ready.town.path), state_of(ready.town, path)
    assert before != after
    with ready.district.open(copy_workspace(ready.district.path, tmp_path)) as district:
        for path, said in kills.points(POINTS_EACH):
            with ready.town.open(path) as session:
                check_whole(session)
                held = contents(session, bytes_too=False)
                assert held in (before, after)
                assert held == after or not said
                on_stick = whole_files(kills.stick)
                assert len(on_stick) == 1 or len(said) < 2
                sent = packages.listing(session.workspace, direction=Direction.OUT)
                for file in on_stick:
                    assert file.read_bytes() == packages.content(session.workspace, sent[0].id)
                if sent:
                    outgoing.write_again(session, sent[0].id, kills.stick)
                else:
                    outgoing.deliver(submit.submit(session, MONTH, REVIEWED), kills.stick)
                assert contents(session, bytes_too=False) == after
            assert [a.status for a in receive.receive(district, [kills.stick], dry_run=True)] == [Status.ACCEPTED]


def state_of(office: Office, path: Path) -> Contents:
    with office.open(path) as session:
        return contents(session, bytes_too=False)


def whole_files(folder: Path) -> list[Path]:
    """What a reader takes for packages on the stick."""
    try:
        return stick.package_files([folder])
    except UserError:
        return []


def test_an_import_is_all_or_nothing(warm: Warm, ready: Prepared, tmp_path: Path) -> None:
    kills = Kills(warm, ready.district, "import", tmp_path, package=str(ready.package))
    path, said, _ = kills.whole()
    assert said == ["taken accepted"]
    before, after = state_of(ready.district, ready.district.path), state_of(ready.district, path)
    assert before != after
    for path, said in kills.points(POINTS_EACH):
        with ready.district.open(path) as session:
            check_whole(session)
            held = contents(session, bytes_too=False)
            assert held in (before, after)
            assert held == after or not said
            wanted = Status.KNOWN if held == after else Status.ACCEPTED
            assert receive.receive(session, [ready.package])[0].status is wanted
            assert contents(session, bytes_too=False) == after
