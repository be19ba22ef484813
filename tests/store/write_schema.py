"""Writes db/schema.sql anew after a migration was added: ``python tests/store/write_schema.py``."""

from sqlcipher3 import dbapi2

from xzdesk import paths
from xzdesk.store import connect, migrate


def generated() -> str:
    """The schema that the migrations make in an empty database."""
    database = connect.Database(dbapi2.connect(":memory:", isolation_level=None))
    try:
        migrate.apply(database)
        return migrate.schema(database)
    finally:
        database.close()


if __name__ == "__main__":
    (paths.migrations().parent / "schema.sql").write_text(generated(), encoding="utf-8", newline="\n")
