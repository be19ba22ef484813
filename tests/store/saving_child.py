"""Saves cells for ever and says so after each commit; killed by test_crash.py."""

import itertools
import sys
from pathlib import Path

from xzdesk.store import connect

with connect.open_workspace(Path(sys.argv[1]), None, sys.argv[2]) as workspace:
    start = workspace.db.conn.execute("SELECT count(*) FROM data_value").fetchone()[0]
    for number in itertools.count(start):
        with workspace.transaction("填报"):
            workspace.db.conn.execute(
                "INSERT INTO data_value VALUES ('served', ?, '2026-10', 'value', ?, NULL)", (f"u{number}", number)
            )
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
