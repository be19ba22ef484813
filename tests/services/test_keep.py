"""Backups are made, rotated and restored; the recovery paper lets its holder in; a broken history is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from xzdesk.core.errors import UserError
from xzdesk.core.model import CellRef, DataValue
from xzdesk.core.periods import Period
from xzdesk.services import keep, record, start
from xzdesk.services.session import Session, open_session
from xzdesk.services.start import Started
from xzdesk.store import settings, values

from .conftest import DISTRICT, PASSPHRASE, Clock, Offices

NEW = "稻田 九月 乌篷船"
CELL = CellRef(DISTRICT, "investment", Period.month(2024, 1))


@pytest.fixture
def started(offices: Offices) -> Started:
    made = start.create(
        offices.folder / "区.xzdb",
        unit=DISTRICT,
        catalogue=offices.catalogue,
        user="区专班",
        passphrase=PASSPHRASE,
        clock=offices.clock,
    )
    offices.sessions.append(made.session)
    return made


@pytest.fixture
def office(started: Started) -> Session:
    return started.session


def put(session: Session, number: int) -> None:
    record.record_cells(session, {CELL: DataValue.of(number)})


def workspaces(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.suffix in (".xzdb", ".keys"))


def held(path: Path, passphrase: str = PASSPHRASE) -> dict[CellRef, DataValue]:
    with open_session(path, None, passphrase) as session:
        return values.read(session.workspace, session.catalogue)


def test_a_backup_goes_beside_the_workspace_unless_a_folder_was_chosen(office: Session, tmp_path: Path) -> None:
    assert keep.back_up(office).path.parent == tmp_path / "备份"
    disk = tmp_path / "移动硬盘"
    disk.mkdir()
    keep.choose_folder(office, disk)
    made = keep.back_up(office)
    assert made.path.parent == keep.folder_of(office) == disk
    assert made.path.with_name(made.path.name + ".keys").is_file()
    assert [each.path for each in keep.listing(office.workspace.path, disk)] == [made.path]
    assert len(keep.listing(office.workspace.path)) == 1


def test_a_folder_that_does_not_exist_is_not_chosen(office: Session, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        keep.choose_folder(office, tmp_path / "没插的硬盘")
    assert caught.value.code == "backup.no_folder"
    assert keep.folder_of(office) == tmp_path / "备份"


def test_only_the_newest_backups_stay(office: Session) -> None:
    with office.workspace.transaction("设置"):
        settings.put(office.workspace, settings.BACKUPS_KEPT, 2)
    made = [keep.back_up(office).path for _ in range(4)]
    assert [each.path for each in keep.listing(office.workspace.path)] == [made[3], made[2]]
    assert not made[0].exists()
    more = keep.back_up(office, kept=3).path
    assert [each.path for each in keep.listing(office.workspace.path)] == [more, made[3], made[2]]


def test_a_backup_is_restored_to_a_new_place_with_its_keys(office: Session, tmp_path: Path) -> None:
    put(office, 7)
    made = keep.back_up(office)
    put(office, 8)
    target = tmp_path / "新电脑" / "区.xzdb"
    target.parent.mkdir()
    done = keep.restore(made.path, target, None, PASSPHRASE, clock=Clock())
    assert (done.path, done.made_at, done.aside) == (target, made.made_at, None)
    assert held(target) == {CELL: DataValue.of(7)}
    assert values.read(office.workspace, office.catalogue) == {CELL: DataValue.of(8)}


def test_what_a_restore_replaces_is_moved_aside(office: Session) -> None:
    put(office, 7)
    made = keep.back_up(office)
    put(office, 8)
    path = office.workspace.path
    office.close()
    done = keep.restore(made.path, path, None, PASSPHRASE, clock=Clock())
    assert held(path) == {CELL: DataValue.of(7)}
    assert done.aside is not None
    assert held(done.aside) == {CELL: DataValue.of(8)}


@pytest.mark.parametrize("fault", ["missing", "same", "folder", "passphrase", "open"])
def test_a_restore_that_cannot_be_done_changes_nothing(office: Session, tmp_path: Path, fault: str) -> None:
    put(office, 7)
    made = keep.back_up(office)
    path = office.workspace.path
    source, target, typed, code = {
        "missing": (tmp_path / "没有.xzdb", path, PASSPHRASE, "restore.missing"),
        "same": (path, path, PASSPHRASE, "restore.same_file"),
        "folder": (made.path, tmp_path / "没有" / "区.xzdb", PASSPHRASE, "workspace.folder_missing"),
        "passphrase": (made.path, path, NEW, "workspace.wrong_passphrase"),
        "open": (made.path, path, PASSPHRASE, "workspace.locked"),
    }[fault]
    if fault != "open":
        office.close()
    before = workspaces(tmp_path)
    with pytest.raises(UserError) as caught:
        keep.restore(source, target, None, typed, clock=Clock())
    assert caught.value.code == code
    office.close()
    assert workspaces(tmp_path) == before
    assert held(path) == {CELL: DataValue.of(7)}


def test_the_paper_key_gives_a_new_passphrase_and_takes_the_old_one(started: Started) -> None:
    put(started.session, 7)
    path = started.session.workspace.path
    started.session.close()
    keep.recover(path, " ".join(started.paper.groups).lower(), "区专班", NEW)
    assert held(path, NEW) == {CELL: DataValue.of(7)}
    with pytest.raises(UserError) as caught:
        open_session(path, None, PASSPHRASE)
    assert caught.value.code == "workspace.wrong_passphrase"


def test_a_wrong_group_of_the_paper_key_is_named(started: Started) -> None:
    groups = list(started.paper.groups)
    groups[3] = groups[3][1:] + groups[3][0] if len(set(groups[3])) > 1 else groups[4]
    path = started.session.workspace.path
    with pytest.raises(UserError) as caught:
        keep.recover(path, " ".join(groups), "区专班", NEW)
    assert (caught.value.code, "第 4 组" in caught.value.message) == ("recovery.group", True)
    with pytest.raises(UserError) as caught:
        keep.recover(path.with_name("没有.xzdb"), " ".join(started.paper.groups), "区专班", NEW)
    assert caught.value.code == "workspace.missing"


def test_a_whole_workspace_is_found_whole(office: Session) -> None:
    put(office, 7)
    before = keep.check_integrity(office)
    put(office, 8)
    after = keep.check_integrity(office)
    assert (before.faults, after.faults) == ((), ())
    assert after.links == before.links + 1
    assert after.head != before.head


def test_a_changed_history_is_noticed(office: Session) -> None:
    put(office, 7)
    office.workspace.db.conn.execute("UPDATE journal SET after = replace(after, '7', '6') WHERE entity = 'data_value'")
    with pytest.raises(UserError) as caught:
        keep.check_integrity(office)
    assert caught.value.code == "journal.broken"
