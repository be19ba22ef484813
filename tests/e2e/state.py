"""What the end-to-end tests look at: everything that a workspace holds, by table, and whom it belongs to."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from xzdesk.services.session import Session
from xzdesk.store import connect, verify
from xzdesk.store.connect import Clock

Row = tuple[Any, ...]
Contents = Mapping[str, list[Row]]

OF_THE_MACHINE = ("journal", "meta", "sqlite_", "_sqlite_")
"""Beginnings of tables that are no contents: the change log, and facts of this machine alone."""


def contents(session: Session, *, bytes_too: bool = True) -> Contents:
    """Every row of every table of contents. ``bytes_too``: with the sealed files, which differ every time."""
    db = session.workspace.db
    return {
        table: sorted(db.conn.execute(f"SELECT * FROM [{table}]").fetchall(), key=repr)
        for table in db.table_names()
        if not table.startswith(OF_THE_MACHINE) and (bytes_too or table != "package_content")
    }


def foreign(session: Session, units: Collection[str]) -> Contents:
    """The part of ``contents`` that is none of ``units``' (codes): what no package of theirs may touch.

    Photographs, quarantined rows and sealed files have no unit: those of the packages and rows of ``units`` are left
    out.
    """
    db, found = session.workspace.db, dict(contents(session))
    for table in found:
        columns = [column.name for column in db[table].columns]
        if "unit" in columns:
            place = columns.index("unit")
            found[table] = [row for row in found[table] if row[place] not in units]
    theirs = {row[0] for row in found["package"]}
    found["package_content"] = [row for row in found["package_content"] if row[0] in theirs]
    found["quarantined_row"] = [row for row in found["quarantined_row"] if row[0] in theirs]
    rows = {row[0] for table in found if table.startswith("reg_") for row in found[table]}
    found["attachment_use"] = [row for row in found["attachment_use"] if row[1] in rows]
    del found["attachment"]
    return found


def check_whole(session: Session) -> None:
    """Pages, change log and references of the workspace hold."""
    assert verify.verify(session.workspace).faults == ()


def copy_workspace(source: Path, target: Path) -> Path:
    """Copy a closed workspace with its keys; ``target`` is a folder."""
    for suffix in ("", ".keys"):
        file = source.with_name(source.name + suffix)
        shutil.copyfile(file, target / file.name)
    return target / source.name


def open_with_key(path: Path, key: bytes, user: str, clock: Clock = connect.utc_now) -> Session:
    """A session without the cost of a passphrase."""
    return Session(connect.open_with_key(path, key, user, clock=clock))
