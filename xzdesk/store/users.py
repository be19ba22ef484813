"""The people of one office: who may unlock the workspace, and as what.

A person is a row of ``app_user`` and a slot in the key file beside the workspace. The slot is written within the
caller's transaction: whatever fails before leaves both as they were.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from xzdesk.core.errors import UserError
from xzdesk.store import keyslots
from xzdesk.store.connect import Role
from xzdesk.store.writing import demand_transaction

if TYPE_CHECKING:
    from xzdesk.store.connect import Workspace
    from xzdesk.store.keyslots import KeySlots

LONGEST_NAME: Final = keyslots.LONGEST_NAME


@dataclass(frozen=True, slots=True)
class User:
    name: str
    role: Role
    created_at: str
    closed_at: str | None
    """None while the person may unlock."""


_LISTING: Final = "SELECT name, role, created_at, closed_at FROM app_user ORDER BY name"
_ADD: Final = """
INSERT INTO app_user (name, role, created_at) VALUES (?, ?, ?)
ON CONFLICT (name) DO UPDATE SET role = excluded.role, closed_at = NULL
"""


def listing(ws: Workspace, *, closed: bool = False) -> tuple[User, ...]:
    """By name; with ``closed`` also those who no longer may unlock."""
    users = (User(name, Role(role), *when) for name, role, *when in ws.db.conn.execute(_LISTING))
    return tuple(user for user in users if closed or user.closed_at is None)


def add(ws: Workspace, name: str, role: Role, passphrase: str) -> User:
    """Let one more person in; a closed one of that name comes back.

    Raises ``UserError`` ``user.not_head``, ``user.name``, ``user.exists``, ``passphrase.weak``,
    ``workspace.keys_unwritable``.
    """
    demand_transaction(ws)
    _demand_head(ws)
    keyslots.demand_name(name)
    if any(user.name == name for user in listing(ws)):
        raise UserError("user.exists", f"已有用户“{name}”。", "同名的人请在姓名后加上岗位。")
    ws.db.conn.execute(_ADD, (name, role, ws.now()))
    _change_slots(ws, lambda slots: keyslots.put_passphrase(slots, name, passphrase, ws.data_key))
    return _find(ws, name)


def close(ws: Workspace, name: str) -> User:
    """Take a person's access away; what they did stays under their name.

    Raises ``UserError`` ``user.not_head``, ``user.unknown``, ``user.last_head``, ``user.self``.
    """
    demand_transaction(ws)
    _demand_head(ws)
    if name == ws.user:
        raise UserError("user.self", "不能停用自己。", "请由另一位负责人停用。")
    _demand_other_head(ws, _find(ws, name))
    ws.db.conn.execute("UPDATE app_user SET closed_at = ? WHERE name = ?", (ws.now(), name))
    _change_slots(ws, lambda slots: slots.passphrases.pop(name, None))
    return next(user for user in listing(ws, closed=True) if user.name == name)


def set_role(ws: Workspace, name: str, role: Role) -> User:
    """Raises ``UserError`` ``user.not_head``, ``user.unknown``, ``user.last_head``."""
    demand_transaction(ws)
    _demand_head(ws)
    user = _find(ws, name)
    if role is not Role.HEAD:
        _demand_other_head(ws, user)
    ws.db.conn.execute("UPDATE app_user SET role = ? WHERE name = ?", (role, name))
    return _find(ws, name)


def reset_passphrase(ws: Workspace, name: str, passphrase: str) -> None:
    """Give somebody who forgot theirs a new one. Raises ``UserError`` ``user.not_head``, ``user.unknown``,
    ``passphrase.weak``."""
    _demand_head(ws)
    _find(ws, name)
    _change_slots(ws, lambda slots: keyslots.put_passphrase(slots, name, passphrase, ws.data_key))


def change_passphrase(ws: Workspace, old: str, new: str) -> None:
    """Change one's own. Raises ``UserError`` as ``authenticate``, ``passphrase.weak``."""
    authenticate(ws, ws.user, old)
    _change_slots(ws, lambda slots: keyslots.put_passphrase(slots, ws.user, new, ws.data_key))


def authenticate(ws: Workspace, name: str, passphrase: str) -> Role:
    """Who typed ``passphrase`` is ``name``; their role.

    Raises ``UserError`` ``user.unknown``, ``workspace.wrong_passphrase``, ``workspace.wait``.
    """
    user = _find(ws, name)
    _, key = keyslots.unlock(keyslots.read(keyslots.slots_path(ws.path)), name, passphrase)
    if key != ws.data_key:
        raise UserError(
            "workspace.keys_damaged",
            "密钥文件与打开的工作库不配套。",
            "请用“恢复”从备份取回与工作库配套的 .keys 文件。",
        )
    return user.role


def _change_slots(ws: Workspace, change: Callable[[KeySlots], object]) -> None:
    slots = keyslots.read(keyslots.slots_path(ws.path))
    change(slots)
    keyslots.write(slots)


def _find(ws: Workspace, name: str) -> User:
    users = listing(ws)
    for user in users:
        if user.name == name:
            return user
    raise UserError(
        "user.unknown", f"没有用户“{name[:LONGEST_NAME]}”。", f"现有用户：{'、'.join(u.name for u in users)}。"
    )


def _demand_head(ws: Workspace) -> None:
    if ws.role is not Role.HEAD:
        raise UserError("user.not_head", "只有负责人可以管理用户。", "请负责人用自己的口令打开工作库后再办。")


def _demand_other_head(ws: Workspace, user: User) -> None:
    heads = [each for each in listing(ws) if each.role is Role.HEAD]
    if heads == [user]:
        raise UserError("user.last_head", f"“{user.name}”是唯一的负责人，不能停用或改任。", "请先指定另一位负责人。")
