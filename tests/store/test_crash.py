"""kill -9 while cells are saved: what was acknowledged is there, and the journal still holds."""

import os
import random
import subprocess
import sys
from pathlib import Path

from xzdesk.store import connect, journal

PASSPHRASE = "油菜花 三月 河埠头"
POINTS = int(os.environ.get("XZDESK_KILL_POINTS", "12"))


def test_nothing_acknowledged_is_lost_by_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "镇.xzdb"
    connect.create(path, user="王会计", passphrase=PASSPHRASE, meta={}).close()
    chance = random.Random(20261)
    acknowledged = -1
    for _ in range(POINTS):
        child = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("saving_child.py"), path, PASSPHRASE],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        assert child.stdout is not None
        for _ in range(chance.randrange(1, 40)):
            acknowledged = int(child.stdout.readline())
        child.kill()
        # What the pipe still holds had been committed before it was written.
        rest = child.stdout.read().split()
        acknowledged = int(rest[-1]) if rest else acknowledged
        child.stdout.close()
        child.wait()
        with connect.open_workspace(path, None, PASSPHRASE) as workspace:
            numbers = [row[0] for row in workspace.db.conn.execute("SELECT number FROM data_value ORDER BY number")]
            assert numbers[: acknowledged + 1] == list(range(acknowledged + 1))
            assert len(numbers) <= acknowledged + 2
            journal.verify(workspace)
