"""What stops a workspace from being opened or written: full disk, newer program, another holder, guessing."""

import datetime as dt
import json
import time
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2

from xzdesk.core.errors import UserError
from xzdesk.core.model import Catalogue, CellRef, DataValue
from xzdesk.core.periods import Period, period_range
from xzdesk.store import connect, journal, keyslots, migrate, values
from xzdesk.store.connect import Workspace

PASSPHRASE = "油菜花 三月 河埠头"
WRONG = "不是这个口令啊啊"
MONTHS = list(period_range(Period.month(2024, 1), Period.month(2028, 12)))


def month_of_cells(units: list[str], content: int) -> dict[CellRef, DataValue | None]:
    return {
        CellRef(unit, element, month): DataValue.of(content)
        for unit in units
        for element in ("households", "trees", "trainees")
        for month in MONTHS
    }


def test_a_full_disk_leaves_nothing_half_and_the_next_step_works(office: Workspace, tiny: Catalogue) -> None:
    units = ["990101101201"]
    with office.transaction("填报"):
        values.write(office, tiny, month_of_cells(units, 1))
    before = office.db.conn.execute("SELECT * FROM data_value").fetchall(), journal.links(office)
    pages = office.db.conn.execute("PRAGMA page_count").fetchone()[0]
    office.db.conn.execute(f"PRAGMA max_page_count = {pages + 2}")
    more = [f"9901011012{number:02}" for number in range(2, 30)]
    with pytest.raises(UserError) as caught, office.transaction("接收"):
        values.write(office, tiny, month_of_cells(more, 2))
    assert caught.value.code == "workspace.disk_full"
    assert not office.in_transaction
    assert (office.db.conn.execute("SELECT * FROM data_value").fetchall(), journal.links(office)) == before
    journal.verify(office)
    office.db.conn.execute("PRAGMA max_page_count = 1000000")
    with office.transaction("接收"):
        assert len(values.write(office, tiny, month_of_cells(more, 2))) == 28 * 3 * len(MONTHS)
    journal.verify(office)


def test_a_fault_of_ours_is_not_blamed_on_the_disk(office: Workspace) -> None:
    with pytest.raises(dbapi2.OperationalError, match="no such table"), office.transaction("填报"):
        office.db.conn.execute("INSERT INTO nowhere VALUES (1)")
    with pytest.raises(dbapi2.IntegrityError), office.transaction("填报"):
        office.db.conn.execute("INSERT INTO data_value VALUES ('a', 'b', '2026', 'value', NULL, NULL)")
    assert not office.in_transaction


def open_fails(path: Path) -> UserError:
    with pytest.raises(UserError) as caught:
        connect.open_workspace(path, None, PASSPHRASE)
    return caught.value


def test_a_workspace_with_a_migration_we_do_not_know_is_left_alone(office: Workspace) -> None:
    conn = office.db.conn
    columns = [row[1] for row in conn.execute("PRAGMA table_info(_sqlite_migrations)")]
    assert columns == ["id", "migration_set", "name", "applied_at"]
    conn.execute("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('xzdesk', '0099_later', '')")
    conn.execute("UPDATE meta SET value = '9.8' WHERE key = 'min_program'")
    office.close()
    before = office.path.read_bytes()
    error = open_fails(office.path)
    assert error.code == "workspace.newer"
    assert "9.8" in error.hint
    assert office.path.read_bytes() == before


def test_a_newer_format_is_refused_too(office: Workspace) -> None:
    office.db.conn.execute("UPDATE meta SET value = '2' WHERE key = 'format'")
    office.close()
    assert open_fails(office.path).code == "workspace.newer"


def test_newer_key_slots_are_refused_too(office: Workspace) -> None:
    office.close()
    slots = keyslots.slots_path(office.path)
    slots.write_text(json.dumps(json.loads(slots.read_text(encoding="utf-8")) | {"format": 2}), encoding="utf-8")
    assert open_fails(office.path).code == "workspace.newer"


def test_an_older_workspace_gets_what_it_lacks(office: Workspace) -> None:
    office.db.conn.execute("DROP TRIGGER journal_data_value_update")
    office.close()
    with connect.open_workspace(office.path, None, PASSPHRASE) as again:
        assert migrate.applied(again.db) == [path.stem for path in migrate.files()]
        triggers = {name for (name,) in again.db.conn.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
        assert "journal_data_value_update" in triggers


def test_who_holds_the_lock_is_told(office: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    holder = office.path.with_name(office.path.name + ".lock.json")
    who = json.loads(holder.read_text(encoding="utf-8"))
    assert set(who) == {"user", "host", "pid", "since"}
    error = open_fails(office.path)
    assert error.code == "workspace.locked"
    assert who["host"] in error.message
    assert who["user"] in error.message
    on_the_wall = dt.datetime.fromisoformat(who["since"].replace("Z", "+00:00")).astimezone()
    assert f"从 {on_the_wall:%Y-%m-%d %H:%M} 起" in error.message


def test_the_lock_is_free_after_closing_and_readers_need_none(office: Workspace) -> None:
    with office.reader() as first, office.reader() as second:
        assert first.role is second.role is connect.Role.HEAD
    office.close()
    assert not office.path.with_name(office.path.name + ".lock.json").exists()
    connect.open_workspace(office.path, None, PASSPHRASE).close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1_800_000_000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    return now


def test_guessing_waits_twice_as_long_each_time(office: Workspace, clock: list[float]) -> None:
    office.close()
    for failures in range(1, keyslots.FREE_TRIES + 4):
        with pytest.raises(UserError, match="口令不对"):
            connect.open_workspace(office.path, None, WRONG)
        waits = failures >= keyslots.FREE_TRIES
        assert (keyslots.read(keyslots.slots_path(office.path)).failures, waits) == (failures, failures >= 3)
        if waits:
            wait = 2.0 ** (failures - keyslots.FREE_TRIES)
            clock[0] += wait - 0.5
            assert open_fails(office.path).code == "workspace.wait"
            clock[0] += 0.5
    connect.open_workspace(office.path, None, PASSPHRASE).close()
    assert keyslots.read(keyslots.slots_path(office.path)).failures == 0


def test_the_wait_never_passes_its_longest_nor_a_clock_set_back(office: Workspace, clock: list[float]) -> None:
    office.close()
    slots = keyslots.read(keyslots.slots_path(office.path))
    slots.failures, slots.last_failure = 60, clock[0]
    keyslots.write(slots)
    clock[0] += keyslots.LONGEST_WAIT - 1
    assert open_fails(office.path).code == "workspace.wait"
    clock[0] -= 10_000
    connect.open_workspace(office.path, None, PASSPHRASE).close()


def test_a_key_file_on_a_medium_that_cannot_be_written_still_opens(
    office: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.close()

    def refuse(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(keyslots, "replace_file", refuse)
    slots = keyslots.read(keyslots.slots_path(office.path))
    with pytest.raises(UserError, match="口令不对"):
        keyslots.unlock(slots, None, WRONG)
    assert keyslots.unlock(slots, None, PASSPHRASE) == ("王会计", office.data_key)


def test_an_unfinished_workspace_is_removed_whole(office: Workspace) -> None:
    office.close()
    connect.remove(office.path)
    assert list(office.path.parent.iterdir()) == []
