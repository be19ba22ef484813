"""The people of an office: added, closed, moved to another role, and given new passphrases."""

from __future__ import annotations

import pytest

from xzdesk.core.errors import UserError
from xzdesk.services import people
from xzdesk.services.session import Session, open_session
from xzdesk.store.connect import Role

from .conftest import PASSPHRASE, SECOND, Offices

NEW = "稻田 九月 乌篷船"


@pytest.fixture
def office(offices: Offices) -> Session:
    return offices.district()


def roles(session: Session) -> dict[str, Role]:
    return {user.name: user.role for user in people.listing(session)}


def test_a_person_comes_changes_role_and_goes(office: Session) -> None:
    added = people.add(office, "赵科长", Role.RECORDER, SECOND)
    assert (added.name, added.role, added.closed_at) == ("赵科长", Role.RECORDER, None)
    people.set_role(office, "赵科长", Role.REVIEWER)
    assert roles(office) == {"区专班": Role.HEAD, "赵科长": Role.REVIEWER}
    people.close(office, "赵科长")
    assert roles(office) == {"区专班": Role.HEAD}
    gone = {user.name: user.closed_at for user in people.listing(office, closed=True)}
    assert gone["区专班"] is None
    assert gone["赵科长"] is not None


def test_whoever_was_closed_can_no_longer_unlock(office: Session) -> None:
    people.add(office, "赵科长", Role.REVIEWER, SECOND)
    people.close(office, "赵科长")
    path = office.workspace.path
    office.close()
    for name, code in ((None, "workspace.wrong_passphrase"), ("赵科长", "workspace.unknown_user")):
        with pytest.raises(UserError) as caught:
            open_session(path, name, SECOND)
        assert caught.value.code == code


def test_a_changed_passphrase_replaces_the_old_one(office: Session) -> None:
    people.change_passphrase(office, PASSPHRASE, NEW)
    path = office.workspace.path
    office.close()
    with pytest.raises(UserError) as caught:
        open_session(path, None, PASSPHRASE)
    assert caught.value.code == "workspace.wrong_passphrase"
    with open_session(path, None, NEW) as session:
        assert session.workspace.user == "区专班"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (PASSPHRASE, PASSPHRASE, "passphrase.same"),
        (SECOND, NEW, "workspace.wrong_passphrase"),
        (PASSPHRASE, "12345678", "passphrase.weak"),
    ],
)
def test_a_refused_change_leaves_the_passphrase(office: Session, old: str, new: str, code: str) -> None:
    with pytest.raises(UserError) as caught:
        people.change_passphrase(office, old, new)
    assert caught.value.code == code
    path = office.workspace.path
    office.close()
    open_session(path, None, PASSPHRASE).close()


def test_a_head_gives_a_forgetful_colleague_a_new_passphrase(office: Session) -> None:
    people.add(office, "赵科长", Role.REVIEWER, SECOND)
    people.reset_passphrase(office, "赵科长", NEW)
    path = office.workspace.path
    office.close()
    with open_session(path, "赵科长", NEW) as session:
        assert session.workspace.role is Role.REVIEWER
        with pytest.raises(UserError) as caught:
            people.reset_passphrase(session, "区专班", SECOND)
        assert caught.value.code == "user.not_head"


def test_ones_own_passphrase_is_not_reset_without_the_old_one(office: Session) -> None:
    with pytest.raises(UserError) as caught:
        people.reset_passphrase(office, "区专班", NEW)
    assert caught.value.code == "user.self"


def test_an_office_keeps_a_head(office: Session) -> None:
    people.add(office, "赵科长", Role.RECORDER, SECOND)
    for refused, code in (
        (lambda: people.set_role(office, "区专班", Role.RECORDER), "user.last_head"),
        (lambda: people.close(office, "区专班"), "user.self"),
        (lambda: people.add(office, "赵科长", Role.HEAD, NEW), "user.exists"),
    ):
        with pytest.raises(UserError) as caught:
            refused()
        assert caught.value.code == code
    assert roles(office) == {"区专班": Role.HEAD, "赵科长": Role.RECORDER}
