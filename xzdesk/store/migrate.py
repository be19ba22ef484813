"""Bringing a workspace to this program's tables: numbered SQL files, each applied once, in a transaction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from xzdesk import paths

SET: Final = "xzdesk"
_SCHEMA: Final = """
SELECT sql FROM sqlite_master
WHERE sql IS NOT NULL AND type IN ('table', 'index') AND name NOT LIKE 'sqlite_%' AND tbl_name NOT LIKE '_sqlite_%'
ORDER BY tbl_name, type DESC, name
"""
_NUMBERED: Final = re.compile(r"\d{4}_[a-z0-9_]+\.sql")


def files() -> list[Path]:
    """The migrations in their order."""
    return sorted(path for path in paths.migrations().iterdir() if _NUMBERED.fullmatch(path.name))


def newest() -> str:
    """Name of the last migration that this program knows."""
    return files()[-1].stem


def apply(db: Database) -> None:
    """Apply what is pending; each file and the record of it are one transaction."""
    migrations = Migrations(SET)
    for path in files():
        statements = list(split(path.read_text(encoding="utf-8")))

        def run(db: Database, statements: list[str] = statements) -> None:
            for statement in statements:
                db.conn.execute(statement)

        migrations(name=path.stem)(run)
    migrations.apply(db)


def applied(db: Database) -> list[str]:
    """Names of the migrations that the workspace has had, oldest first."""
    return [migration.name for migration in Migrations(SET).applied(db)]


def schema(db: Database) -> str:
    """The tables and indexes that the migrations make, as one readable script (``db/schema.sql``)."""
    made = db.conn.execute(_SCHEMA).fetchall()
    header = "-- Generated from db/migrations by tests/store/write_schema.py; not read by the program.\n"
    return header + "".join(f"\n{statement};\n" for (statement,) in made)


def split(script: str) -> Iterator[str]:
    """The statements of a script one by one: ``executescript`` would commit the transaction around it."""
    from sqlcipher3 import dbapi2

    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if ";" in line and dbapi2.complete_statement(statement):
            yield statement
            statement = ""
