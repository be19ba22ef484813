"""Whether the file itself is whole: every encrypted page authentic, every index in step with its table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlcipher3 import dbapi2

from xzdesk.core.errors import UserError

if TYPE_CHECKING:
    from xzdesk.store.connect import Workspace


def check_pages(ws: Workspace) -> None:
    """Raises ``UserError`` ``workspace.damaged``."""
    try:
        pages = ws.db.conn.execute("PRAGMA cipher_integrity_check").fetchall()
        structure = ws.db.conn.execute("PRAGMA integrity_check").fetchall()
    except dbapi2.DatabaseError:
        raise _damaged(ws) from None
    if pages or structure != [("ok",)]:
        raise _damaged(ws)


def _damaged(ws: Workspace) -> UserError:
    return UserError(
        "workspace.damaged", f"工作库“{ws.path.name}”有损坏的页。", "请不要再写入，用“恢复”从最近的备份取回。"
    )
