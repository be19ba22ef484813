"""Who may unlock a workspace, and as what."""

import pytest

from xzdesk.core.errors import UserError
from xzdesk.store import connect, keyslots, users
from xzdesk.store.connect import Role, Workspace

PASSPHRASE = "油菜花 三月 河埠头"
OTHERS = "菱角 十月 石拱桥"


@pytest.fixture
def staffed(office: Workspace) -> Workspace:
    with office.transaction("用户"):
        users.add(office, "李复核", Role.REVIEWER, OTHERS)
    return office


def code_of(call: object, *arguments: object) -> str:
    with pytest.raises(UserError) as caught:
        call(*arguments)  # type: ignore[operator]
    return caught.value.code


def test_an_added_user_unlocks_with_their_own_passphrase(staffed: Workspace) -> None:
    assert [(user.name, user.role) for user in users.listing(staffed)] == [
        ("李复核", Role.REVIEWER),
        ("王会计", Role.HEAD),
    ]
    staffed.close()
    with connect.open_workspace(staffed.path, None, OTHERS) as ws:
        assert (ws.user, ws.role) == ("李复核", Role.REVIEWER)
        assert ws.data_key == staffed.data_key


def test_the_second_person_is_authenticated_beside_the_first(staffed: Workspace) -> None:
    assert users.authenticate(staffed, "李复核", OTHERS) is Role.REVIEWER
    assert code_of(users.authenticate, staffed, "李复核", PASSPHRASE) == "workspace.wrong_passphrase"
    assert code_of(users.authenticate, staffed, "赵", OTHERS) == "user.unknown"


def test_slots_of_another_workspace_do_not_authenticate(staffed: Workspace) -> None:
    slots = keyslots.read(keyslots.slots_path(staffed.path))
    keyslots.put_passphrase(slots, "李复核", OTHERS, keyslots.new_data_key())
    keyslots.write(slots)
    assert code_of(users.authenticate, staffed, "李复核", OTHERS) == "workspace.keys_damaged"


@pytest.mark.parametrize("name", ["", " 李", "李 ", "李" * 21, "李\n复核"])
def test_a_name_must_be_a_name(office: Workspace, name: str) -> None:
    with office.transaction("用户"):
        assert code_of(users.add, office, name, Role.RECORDER, OTHERS) == "user.name"


def test_nobody_is_added_twice(staffed: Workspace) -> None:
    with staffed.transaction("用户"):
        assert code_of(users.add, staffed, "李复核", Role.HEAD, OTHERS) == "user.exists"
    assert users.authenticate(staffed, "李复核", OTHERS) is Role.REVIEWER


def test_a_weak_passphrase_leaves_nothing(office: Workspace) -> None:
    with pytest.raises(UserError, match="口令"), office.transaction("用户"):
        users.add(office, "李复核", Role.REVIEWER, "12345678")
    assert [user.name for user in users.listing(office, closed=True)] == ["王会计"]
    assert "李复核" not in keyslots.read(keyslots.slots_path(office.path)).passphrases


def test_only_a_head_manages_users(staffed: Workspace) -> None:
    staffed.close()
    with connect.open_workspace(staffed.path, None, OTHERS) as ws, ws.transaction("用户"):
        for call, arguments in (
            (users.add, ("赵", Role.HEAD, OTHERS)),
            (users.close, ("王会计",)),
            (users.set_role, ("李复核", Role.HEAD)),
            (users.reset_passphrase, ("王会计", OTHERS)),
        ):
            assert code_of(call, ws, *arguments) == "user.not_head"


def test_a_closed_user_cannot_unlock_and_may_come_back(staffed: Workspace) -> None:
    with staffed.transaction("用户"):
        assert users.close(staffed, "李复核").closed_at is not None
    assert [user.name for user in users.listing(staffed)] == ["王会计"]
    slots = keyslots.read(keyslots.slots_path(staffed.path))
    assert code_of(keyslots.unlock, slots, None, OTHERS) == "workspace.wrong_passphrase"
    with staffed.transaction("用户"):
        assert users.add(staffed, "李复核", Role.RECORDER, OTHERS).closed_at is None
    assert users.authenticate(staffed, "李复核", OTHERS) is Role.RECORDER


def test_an_office_never_loses_its_last_head(staffed: Workspace) -> None:
    with staffed.transaction("用户"):
        assert code_of(users.close, staffed, "王会计") == "user.self"
        assert code_of(users.set_role, staffed, "王会计", Role.RECORDER) == "user.last_head"
        assert code_of(users.close, staffed, "赵") == "user.unknown"
        users.set_role(staffed, "李复核", Role.HEAD)
        assert users.set_role(staffed, "王会计", Role.RECORDER).role is Role.RECORDER
    staffed.close()
    with connect.open_workspace(staffed.path, None, OTHERS) as ws, ws.transaction("用户"):
        assert users.close(ws, "王会计").closed_at is not None


def test_a_passphrase_is_changed_by_who_knows_it(staffed: Workspace) -> None:
    new = "稻田 九月 乌篷船"
    assert code_of(users.change_passphrase, staffed, OTHERS, new) == "workspace.wrong_passphrase"
    users.change_passphrase(staffed, PASSPHRASE, new)
    assert users.authenticate(staffed, "王会计", new) is Role.HEAD
    assert code_of(users.authenticate, staffed, "王会计", PASSPHRASE) == "workspace.wrong_passphrase"
    assert users.authenticate(staffed, "李复核", OTHERS) is Role.REVIEWER


def test_a_head_gives_a_new_passphrase_to_who_forgot(staffed: Workspace) -> None:
    new = "稻田 九月 乌篷船"
    users.reset_passphrase(staffed, "李复核", new)
    assert users.authenticate(staffed, "李复核", new) is Role.REVIEWER


def test_a_key_file_that_cannot_be_written_leaves_the_users_as_they_were(
    staffed: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(keyslots, "replace_file", refuse)
    with pytest.raises(UserError) as caught, staffed.transaction("用户"):
        users.close(staffed, "李复核")
    assert caught.value.code == "workspace.keys_unwritable"
    assert [user.name for user in users.listing(staffed)] == ["李复核", "王会计"]
