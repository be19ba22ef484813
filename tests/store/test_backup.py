"""Backups open, are whole, are rotated, and give everything back; a restore destroys nothing."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest

from xzdesk.core.errors import UserError
from xzdesk.core.model import Catalogue, CellRef, DataValue
from xzdesk.core.periods import Period
from xzdesk.store import backup, catalogues, connect, journal, keyslots, users, values
from xzdesk.store.connect import Role, Workspace

PASSPHRASE = "油菜花 三月 河埠头"
NEW = "稻田 九月 乌篷船"
VILLAGE = "990101101201"
NOW = "2026-11-05T00:00:00Z"


class Clock:
    """Every look is a minute later."""

    def __init__(self) -> None:
        self.moment = dt.datetime(2026, 11, 4, 8, 20, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        self.moment += dt.timedelta(minutes=1)
        return self.moment


@pytest.fixture
def ws(tmp_path: Path, tiny: Catalogue) -> Iterator[Workspace]:
    with connect.create(
        tmp_path / "镇.xzdb", user="王会计", passphrase=PASSPHRASE, meta={"office": "990101101"}, clock=Clock()
    ) as workspace:
        with workspace.transaction("目录"):
            catalogues.install(workspace, tiny)
        record(workspace, tiny, 598)
        yield workspace


def record(ws: Workspace, tiny: Catalogue, households: int) -> None:
    cells = {CellRef(VILLAGE, "households", Period.month(2026, month)): DataValue.of(households) for month in (1, 2)}
    with ws.transaction("填报"):
        values.write(ws, tiny, cells)


def contents(ws: Workspace) -> dict[str, list[tuple[object, ...]]]:
    tables = [name for name in ws.db.table_names() if not name.startswith("sqlite_")]
    return {table: ws.db.conn.execute(f"SELECT * FROM [{table}]").fetchall() for table in sorted(tables)}


def folder_of(ws: Workspace) -> list[str]:
    folder = ws.path.parent / backup.FOLDER
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_a_backup_restored_elsewhere_equals_the_workspace_table_by_table(ws: Workspace, tmp_path: Path) -> None:
    made = backup.make(ws)
    assert made.bytes == made.path.stat().st_size
    target = tmp_path / "新电脑" / "镇.xzdb"
    target.parent.mkdir()
    assert backup.restore(made.path, target, None, PASSPHRASE, NOW) is None
    with connect.open_workspace(target, None, PASSPHRASE) as restored:
        assert contents(restored) == contents(ws)
        assert len(contents(restored)["data_value"]) == 2
        assert restored.db.conn.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        with restored.transaction("填报"):
            restored.db.conn.execute("UPDATE data_value SET number = 0")
        journal.verify(restored)


def test_a_restore_takes_the_workspaces_place_and_moves_it_aside(ws: Workspace, tiny: Catalogue) -> None:
    made = backup.make(ws)
    record(ws, tiny, 600)
    before = contents(ws)
    ws.close()
    aside = backup.restore(made.path, ws.path, None, PASSPHRASE, NOW)
    assert aside is not None
    assert aside.name == "镇_被替换_20261105T000000Z.xzdb"
    with connect.open_workspace(ws.path, None, PASSPHRASE) as restored:
        assert {row[4] for row in contents(restored)["data_value"]} == {598}
    with connect.open_workspace(aside, None, PASSPHRASE) as replaced:
        assert contents(replaced) == before


def test_backups_are_listed_newest_first_and_rotated(ws: Workspace) -> None:
    folder = ws.path.parent / "U盘"
    made = [backup.make(ws, folder, kept=3) for _ in range(5)]
    found = backup.listing(folder, ws.path)
    assert [each.path for each in found] == [each.path for each in reversed(made[2:])]
    assert found[0].made_at.startswith("2026-11-04T08:")
    assert len(list(folder.iterdir())) == 6, "each with its key file, and nothing else"
    assert backup.listing(folder, ws.path.with_name("村.xzdb")) == ()
    assert backup.listing(folder / "none", ws.path) == ()


def test_a_backup_does_not_count_without_its_key_file(ws: Workspace) -> None:
    made = backup.make(ws)
    keyslots.slots_path(made.path).unlink()
    assert backup.listing(made.path.parent, ws.path) == ()


def test_a_backup_holds_no_plain_text(ws: Workspace) -> None:
    data = backup.make(ws).path.read_bytes()
    assert not data.startswith(b"SQLite format")
    assert "王会计".encode() not in data


def test_a_copy_that_is_not_whole_is_not_kept(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    backup.make(ws)
    before = folder_of(ws)

    monkeypatch.setattr(journal, "last", lambda db: None if db is not ws.db else journal.Link(1, "", "", "", 0, ""))
    with pytest.raises(UserError) as caught:
        backup.make(ws)
    assert caught.value.code == "backup.damaged"
    assert folder_of(ws) == before


@pytest.mark.parametrize(("errno", "code"), [(28, "backup.disk_full"), (13, "backup.unwritable")])
def test_a_full_or_locked_disk_leaves_nothing(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, errno: int, code: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno, "")

    monkeypatch.setattr(backup, "replace_file", refuse)
    with pytest.raises(UserError) as caught:
        backup.make(ws)
    assert caught.value.code == code
    assert folder_of(ws) == []


def test_a_folder_that_is_a_file_is_said_to_be_unwritable(ws: Workspace) -> None:
    place = ws.path.parent / "备份"
    place.write_text("")
    with pytest.raises(UserError) as caught:
        backup.make(ws)
    assert caught.value.code == "backup.unwritable"


def test_no_backup_within_a_transaction(ws: Workspace) -> None:
    with pytest.raises(RuntimeError), ws.transaction("填报"):
        backup.make(ws)


def restore_fails(source: Path, target: Path, passphrase: str = PASSPHRASE) -> str:
    before = {path.name: path.read_bytes() for path in target.parent.iterdir() if path.is_file()}
    with pytest.raises(UserError) as caught:
        backup.restore(source, target, None, passphrase, NOW)
    after = {path.name: path.read_bytes() for path in target.parent.iterdir() if path.is_file()}
    assert {name: data for name, data in after.items() if ".lock" not in name} == {
        name: data for name, data in before.items() if ".lock" not in name
    }
    return caught.value.code


def test_what_cannot_be_opened_or_is_damaged_replaces_nothing(ws: Workspace) -> None:
    made = backup.make(ws)
    ws.close()
    assert restore_fails(made.path, ws.path, "不是这个口令啊啊") == "workspace.wrong_passphrase"
    data = bytearray(made.path.read_bytes())
    data[len(data) // 2] ^= 1
    made.path.write_bytes(data)
    assert restore_fails(made.path, ws.path) == "workspace.damaged"
    made.path.write_bytes(data[: len(data) // 2])
    assert restore_fails(made.path, ws.path) == "workspace.damaged"


def test_a_workspace_in_use_is_not_replaced(ws: Workspace) -> None:
    made = backup.make(ws)
    assert restore_fails(made.path, ws.path) == "workspace.locked"


def test_a_disk_that_fills_while_restoring_leaves_the_workspace(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    made = backup.make(ws)
    ws.close()

    def refuse(*_: object) -> None:
        raise OSError(28, "")

    monkeypatch.setattr(backup, "replace_file", refuse)
    assert restore_fails(made.path, ws.path) == "restore.disk_full"
    with connect.open_workspace(ws.path, None, PASSPHRASE) as again:
        assert len(contents(again)["data_value"]) == 2


@pytest.fixture
def paper(ws: Workspace) -> pyrage.x25519.Identity:
    identity = pyrage.x25519.Identity.generate()
    slots = keyslots.read(keyslots.slots_path(ws.path))
    keyslots.put_recipient(slots, "recovery", str(identity.to_public()), ws.data_key)
    keyslots.write(slots)
    return identity


def test_the_paper_key_gives_a_new_passphrase(ws: Workspace, paper: pyrage.x25519.Identity) -> None:
    with ws.transaction("用户"):
        users.add(ws, "李复核", Role.REVIEWER, "菱角 十月 石拱桥")
    ws.close()
    for _ in range(keyslots.FREE_TRIES):
        with pytest.raises(UserError):
            connect.open_workspace(ws.path, None, "忘了忘了忘了忘了啊")
    backup.recover(ws.path, str(paper), "王会计", NEW)
    with connect.open_workspace(ws.path, None, NEW) as again:
        assert again.user == "王会计"
        assert users.authenticate(again, "李复核", "菱角 十月 石拱桥") is Role.REVIEWER


def recover_fails(path: Path, identity: str, user: str, passphrase: str) -> str:
    before = keyslots.slots_path(path).read_bytes()
    with pytest.raises(UserError) as caught:
        backup.recover(path, identity, user, passphrase)
    assert keyslots.slots_path(path).read_bytes() == before
    return caught.value.code


def test_what_the_paper_key_refuses(ws: Workspace, paper: pyrage.x25519.Identity) -> None:
    ws.close()
    stranger = str(pyrage.x25519.Identity.generate())
    assert recover_fails(ws.path, stranger, "王会计", NEW) == "recovery.wrong_key"
    assert recover_fails(ws.path, "AGE-SECRET-KEY-1", "王会计", NEW) == "recovery.unreadable"
    assert recover_fails(ws.path, str(paper), "赵", NEW) == "user.unknown"
    assert recover_fails(ws.path, str(paper), "王会计", "12345678") == "passphrase.weak"
