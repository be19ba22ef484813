"""A warm process that forks one worker for every order on its standard input and kills it where test_kill.py says.

An order is one line of JSON: the step, where its workspace is, and when to kill -9 the worker, by ``touch`` (at that
number; a *touch* is the moment before or after a call that reads or writes a file or the database) or ``after``
(seconds), both counted from when it has opened the workspace; 0: never. A worker says one line after each thing that
is done, and so must survive, and in the end ``touches <count>``; when it is gone, however that came, the warm process
says ``over <seconds>``.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from tests.e2e.state import open_with_key
from xzdesk.core.model import CellRef, DataValue
from xzdesk.core.periods import Period
from xzdesk.services import outgoing, receive, record, submit
from xzdesk.services.session import Session
from xzdesk.services.submit import Signature
from xzdesk.store.connect import Role

NOW = dt.datetime(2026, 11, 5, 2, 0, tzinfo=dt.UTC)
MONTH = Period.month(2024, 1)
TOUCHING = frozenset(
    {"execute", "executemany", "fetchone", "fetchall", "write", "flush", "fsync", "open", "read", "close", "replace",
     "rename", "unlink", "stat", "mkdir", "acquire", "connect"}
)  # fmt: skip
REVIEWED = Signature("镇复核", Role.REVIEWER)
Order = dict[str, Any]


def clock() -> dt.datetime:
    """Stands still, so that a repeated step leaves the same rows."""
    return NOW


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


class Touches:
    """Counts the touches and kills the process at number ``last``; 0: never."""

    def __init__(self, last: int) -> None:
        self.count = 0
        self._last = last

    def __call__(self, frame: FrameType, event: str, arg: Any) -> None:
        if event in ("c_call", "c_return") and arg.__name__ in TOUCHING:
            self.count += 1
            if self.count == self._last:
                os.kill(os.getpid(), signal.SIGKILL)


def save_cells(session: Session, order: Order) -> None:
    for number, cell in enumerate(cells(session)):
        record.record_cells(session, {cell: DataValue.of(number)})
        say(f"saved {number}")


def cells(session: Session) -> list[CellRef]:
    """In the order in which they are saved."""
    villages = [unit.code for unit in session.units[1:]]
    months = [Period.month(2024, month) for month in range(2, 9)]
    return [CellRef(village, "trainees", month) for month in months for village in villages]


def hand_in(session: Session, order: Order) -> None:
    sealed = submit.submit(session, MONTH, REVIEWED)
    say(f"sealed {sealed.id}")
    outgoing.deliver(sealed, Path(order["stick"]))
    say(f"delivered {sealed.name}")


def take(session: Session, order: Order) -> None:
    arrived = receive.receive(session, [Path(order["package"])])[0]
    say(f"taken {arrived.status}")


STEPS: dict[str, Callable[[Session, Order], None]] = {"cells": save_cells, "submit": hand_in, "import": take}


def work(order: Order) -> None:
    touches = Touches(order["touch"])
    with open_with_key(Path(order["path"]), bytes.fromhex(order["key"]), order["user"], clock) as session:
        os.kill(os.getppid(), signal.SIGUSR1)
        sys.setprofile(touches)
        STEPS[order["step"]](session, order)
    sys.setprofile(None)
    say(f"touches {touches.count}")


def main() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, signal.SIGUSR1})
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            work(order)
            os._exit(0)
        signal.sigwait({signal.SIGUSR1, signal.SIGCHLD})
        begun = time.monotonic()
        if order["after"] and signal.sigtimedwait({signal.SIGCHLD}, order["after"]) is None:
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        signal.sigtimedwait({signal.SIGCHLD}, 0)
        say(f"over {time.monotonic() - begun:.4f}")


if __name__ == "__main__":
    main()
