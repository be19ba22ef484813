"""db/schema.sql is what the migrations make, so that a reader need not add them up."""

import runpy
from pathlib import Path

from sqlcipher3 import dbapi2

from xzdesk import paths
from xzdesk.store import connect, migrate

WRITER = Path(__file__).with_name("write_schema.py")


def test_schema_sql_is_what_the_migrations_make() -> None:
    generated = runpy.run_path(str(WRITER))["generated"]()
    committed = (paths.migrations().parent / "schema.sql").read_text(encoding="utf-8")
    assert committed == generated, "run tests/store/write_schema.py"


def test_applying_the_migrations_again_changes_nothing() -> None:
    database = connect.Database(dbapi2.connect(":memory:", isolation_level=None))
    migrate.apply(database)
    before = migrate.schema(database), migrate.applied(database)
    migrate.apply(database)
    assert (migrate.schema(database), migrate.applied(database)) == before
    assert before[1] == [path.stem for path in migrate.files()]
    database.close()
