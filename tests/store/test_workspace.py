"""The encrypted workspace: what opens it, what does not, what a transaction promises, what the journal witnesses."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest

from xzdesk.core.errors import UserError
from xzdesk.store import connect, journal, keyslots

PASSPHRASE = "油菜花 三月 河埠头"
ADD = "INSERT INTO data_value VALUES ('served', '330411103200', '2026-10', 'value', ?, NULL)"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[connect.Workspace]:
    with connect.create(tmp_path / "镇.xzdb", user="王会计", passphrase=PASSPHRASE, meta={"office": "330411103"}) as ws:
        yield ws


def values(ws: connect.Workspace) -> list[tuple[object, ...]]:
    return list(ws.db.conn.execute("SELECT * FROM data_value").fetchall())


def test_what_was_committed_is_there_after_reopening(workspace: connect.Workspace) -> None:
    with workspace.transaction("填报"):
        workspace.db.conn.execute(ADD, (598,))
    workspace.close()
    with connect.open_workspace(workspace.path, None, PASSPHRASE) as again:
        assert [row[4] for row in values(again)] == [598]
        assert again.user == "王会计"
        assert again.role is connect.Role.HEAD


def test_a_failed_transaction_leaves_nothing(workspace: connect.Workspace) -> None:
    with pytest.raises(KeyError), workspace.transaction("填报"):
        workspace.db.conn.execute(ADD, (1,))
        raise KeyError
    assert values(workspace) == []
    assert [link.action for link in journal.links(workspace)] == ["建立工作库"]


def test_transactions_do_not_nest(workspace: connect.Workspace) -> None:
    with pytest.raises(RuntimeError), workspace.transaction("外"), workspace.transaction("内"):
        pass


def test_the_file_holds_no_plain_text(workspace: connect.Workspace) -> None:
    workspace.close()
    content = workspace.path.read_bytes()
    assert not content.startswith(b"SQLite format")
    assert "王会计".encode() not in content


def test_wrong_passphrases_wait_longer_and_longer(workspace: connect.Workspace) -> None:
    workspace.close()
    for _ in range(keyslots.FREE_TRIES):
        with pytest.raises(UserError, match=r"workspace\.wrong_passphrase|口令不对"):
            connect.open_workspace(workspace.path, None, "不是这个口令啊啊")
    with pytest.raises(UserError) as caught:
        connect.open_workspace(workspace.path, None, PASSPHRASE)
    assert caught.value.code == "workspace.wait"


def test_a_second_program_is_told_who_holds_it(workspace: connect.Workspace) -> None:
    with pytest.raises(UserError) as caught:
        connect.open_workspace(workspace.path, None, PASSPHRASE)
    assert caught.value.code == "workspace.locked"


def test_a_reader_sees_and_cannot_write(workspace: connect.Workspace) -> None:
    with workspace.transaction("填报"):
        workspace.db.conn.execute(ADD, (7,))
    with workspace.reader() as reader:
        assert len(values(reader)) == 1
        with pytest.raises(UserError), reader.transaction("填报"):
            reader.db.conn.execute(ADD, (8,))


@pytest.mark.parametrize("content", [b"", b"garbage" * 1000, b"SQLite format 3\0" + bytes(4096)])
def test_a_damaged_file_is_said_to_be(workspace: connect.Workspace, content: bytes) -> None:
    workspace.close()
    workspace.path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        connect.open_workspace(workspace.path, None, PASSPHRASE)
    assert caught.value.code == "workspace.damaged"


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"null", b'{"format": 1, "passphrases": 3}'])
def test_damaged_key_slots_are_said_to_be(workspace: connect.Workspace, content: bytes) -> None:
    workspace.close()
    keyslots.slots_path(workspace.path).write_bytes(content)
    with pytest.raises(UserError) as caught:
        connect.open_workspace(workspace.path, None, PASSPHRASE)
    assert caught.value.code == "workspace.keys_damaged"


def test_nothing_is_left_of_a_workspace_that_could_not_be_made(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        connect.create(tmp_path / "镇.xzdb", user="王会计", passphrase="12345678", meta={})
    assert caught.value.code == "passphrase.weak"
    assert list(tmp_path.iterdir()) == []


def test_the_paper_key_gives_the_data_key_back(workspace: connect.Workspace) -> None:
    paper = pyrage.x25519.Identity.generate()
    slots = keyslots.read(keyslots.slots_path(workspace.path))
    keyslots.put_recipient(slots, "recovery", str(paper.to_public()), workspace.data_key)
    keyslots.write(slots)
    again = keyslots.read(slots.path)
    assert keyslots.unlock_with_identity(again, str(paper)) == workspace.data_key
    misread = str(paper)[:-1] + ("Q" if str(paper)[-1] != "Q" else "P")
    with pytest.raises(UserError) as caught:
        keyslots.unlock_with_identity(again, misread)
    assert caught.value.code == "recovery.unreadable"


def test_the_journal_finds_a_changed_entry(workspace: connect.Workspace) -> None:
    with workspace.transaction("填报"):
        workspace.db.conn.execute(ADD, (598,))
    journal.verify(workspace)
    workspace.db.conn.execute("UPDATE journal SET after = replace(after, '598', '599')")
    with pytest.raises(UserError) as caught:
        journal.verify(workspace)
    assert caught.value.code == "journal.broken"


def test_undo_puts_everything_back_and_refuses_after_later_changes(workspace: connect.Workspace) -> None:
    with workspace.transaction("接收"):
        workspace.db.conn.execute(ADD, (598,))
    received = journal.links(workspace)[0].link
    with workspace.transaction("填报"):
        workspace.db.conn.execute("UPDATE data_value SET number = 600")
    changed = journal.links(workspace)[0].link
    with pytest.raises(UserError) as caught, workspace.transaction("撤销"):
        journal.undo(workspace, received)
    assert caught.value.code == "journal.later_change"
    with workspace.transaction("撤销"):
        journal.undo(workspace, changed)
    assert [row[4] for row in values(workspace)] == [598]
    journal.verify(workspace)


def test_times_are_utc(tmp_path: Path) -> None:
    moment = dt.datetime(2026, 11, 4, 8, 20, tzinfo=dt.UTC)
    with connect.create(
        tmp_path / "镇.xzdb", user="王会计", passphrase=PASSPHRASE, meta={}, clock=lambda: moment
    ) as ws:
        assert ws.now() == "2026-11-04T08:20:00Z"
