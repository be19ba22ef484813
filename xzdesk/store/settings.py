"""Facts and settings of one workspace: the table ``meta``, read and written in one place.

They belong to this machine or this file, not to the statistics: the journal does not log them and undoing an import
leaves them as they are. ``SETTINGS`` is the one table of what a user may set.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from xzdesk.core.errors import UserError
from xzdesk.store.writing import demand_transaction

if TYPE_CHECKING:
    from xzdesk.store.connect import Workspace

T = TypeVar("T", int, str, bool)

_READ: Final = "SELECT value FROM meta WHERE key = ?"
_WRITE: Final = "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"


def _whole_number(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and low <= int(text) <= high):
            raise ValueError(f"应为 {low} 到 {high} 的整数")
        return int(text)

    return read


def _yes_no(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError("应为 yes 或 no")
    return text == "yes"


def _text(text: str) -> str:
    if len(text) > 1_000 or not text.isprintable():
        raise ValueError("应为一行文字，最多 1000 字")
    return text


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """One thing a user may set. ``read`` takes the stored text and raises ``ValueError`` saying what it should be."""

    key: str
    title: str
    default: T
    description: str
    read: Callable[[str], T]


IDLE_LOCK_MINUTES: Final = Setting(
    "idle_lock_minutes", "自动锁定", 5, "多少分钟不操作后锁定，0 为不锁定。", _whole_number(0, 240)
)
BACKUPS_KEPT: Final = Setting("backups_kept", "备份份数", 10, "备份文件夹里保留最近几份。", _whole_number(2, 100))
BACKUP_FOLDER: Final = Setting("backup_folder", "备份文件夹", "", "空着时放在工作库旁边的“备份”文件夹。", _text)
LARGE_TYPE: Final = Setting("large_type", "大字", False, "界面用大号字。", _yes_no)

OFFICE: Final = Setting("office", "单位", "", "这个工作库属于哪个单位，建立时写下。", _text)
RECOVERY_PROVED: Final = Setting(
    "recovery_proved", "恢复密钥已试用", False, "纸质恢复密钥是否照打印件输入并核对过。", _yes_no
)
DEMONSTRATION: Final = Setting("demonstration", "演示数据", False, "工作库里的数据是编造的，供演示和练习。", _yes_no)
"""These are facts, set by the program."""

SETTINGS: Final[tuple[Setting[int] | Setting[str] | Setting[bool], ...]] = (
    IDLE_LOCK_MINUTES,
    BACKUPS_KEPT,
    BACKUP_FOLDER,
    LARGE_TYPE,
)


def read_meta(ws: Workspace, key: str) -> str | None:
    row = ws.db.conn.execute(_READ, (key,)).fetchone()
    return None if row is None else str(row[0])


def write_meta(ws: Workspace, key: str, value: str) -> None:
    demand_transaction(ws)
    ws.db.conn.execute(_WRITE, (key, value))


def office(ws: Workspace) -> str:
    """Code of the unit whose workspace this is. Raises ``UserError`` ``workspace.no_office``."""
    code = get(ws, OFFICE)
    if not code:
        raise UserError("workspace.no_office", "这个工作库还没有指定单位。", "请先用开通包开通，或重新建立工作库。")
    return code


def get(ws: Workspace, setting: Setting[T]) -> T:
    """What is set, or the default; also where an older program left something that can no longer be read."""
    text = read_meta(ws, setting.key)
    if text is None:
        return setting.default
    try:
        return setting.read(text)
    except ValueError:
        return setting.default


def put(ws: Workspace, setting: Setting[T], value: T) -> None:
    """Raises ``UserError`` ``setting.value`` for a value that the setting does not take."""
    text = ("yes" if value else "no") if isinstance(value, bool) else str(value)
    try:
        setting.read(text)
    except ValueError as error:
        raise UserError("setting.value", f"设置“{setting.title}”不能这样填：{error}。", setting.description) from None
    write_meta(ws, setting.key, text)
