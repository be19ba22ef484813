"""用户: the people of one office, their roles and passphrases. Who may do what is decided in ``store.users``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from xzdesk.core.errors import UserError
from xzdesk.services.session import Session
from xzdesk.store import users
from xzdesk.store.connect import Role
from xzdesk.store.users import User

ROLE_WORDS: Final[Mapping[Role, str]] = {Role.RECORDER: "填报人", Role.REVIEWER: "复核人", Role.HEAD: "负责人"}


def listing(session: Session, *, closed: bool = False) -> tuple[User, ...]:
    """By name; with ``closed`` also those who no longer may unlock."""
    return users.listing(session.workspace, closed=closed)


def add(session: Session, name: str, role: Role, passphrase: str) -> User:
    """Let one more person in. Raises ``UserError`` as ``store.users.add``."""
    with session.workspace.transaction(f"增加用户 {name[: users.LONGEST_NAME]}"):
        return users.add(session.workspace, name, role, passphrase)


def close(session: Session, name: str) -> User:
    """Take a person's access away. Raises ``UserError`` as ``store.users.close``."""
    with session.workspace.transaction(f"停用用户 {name[: users.LONGEST_NAME]}"):
        return users.close(session.workspace, name)


def set_role(session: Session, name: str, role: Role) -> User:
    """Raises ``UserError`` as ``store.users.set_role``."""
    with session.workspace.transaction(f"改任 {name[: users.LONGEST_NAME]}"):
        return users.set_role(session.workspace, name, role)


def change_passphrase(session: Session, old: str, new: str) -> None:
    """One's own, proved by the old one. Raises ``UserError`` ``passphrase.same``, and as ``store.users``."""
    if new == old:
        raise UserError("passphrase.same", "新口令与原口令相同，没有更改。", "请换一个口令。")
    users.change_passphrase(session.workspace, old, new)


def reset_passphrase(session: Session, name: str, new: str) -> None:
    """Give somebody who forgot theirs a new one; heads only.

    Raises ``UserError`` ``user.self`` (one's own needs the old one), and as ``store.users.reset_passphrase``.
    """
    if name == session.workspace.user:
        raise UserError("user.self", "重设口令只用于别人。", "自己的口令请用“修改口令”，要输入原口令。")
    users.reset_passphrase(session.workspace, name, new)
