"""The whole workspace checked against itself: pages, journal, and everything that refers to something else."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from xzdesk.core.progress import SILENT, Progress
from xzdesk.store import catalogues, integrity, journal

if TYPE_CHECKING:
    from xzdesk.store.connect import Workspace


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at, and what does not fit together (Chinese sentences without contents; empty: all does)."""

    links: int
    head: str
    faults: tuple[str, ...]


_DANGLING: Final = {
    "{} 个数据包文件没有对应的收发记录": """
SELECT count(*) FROM package_content WHERE id NOT IN (SELECT id FROM package)""",
    "{} 条收发链的末尾指向没有记录的数据包": """
SELECT count(*) FROM chain WHERE package NOT IN (SELECT id FROM package)""",
    "{} 行隔离数据的来源数据包没有记录": """
SELECT count(*) FROM quarantined_row WHERE package NOT IN (SELECT id FROM package)""",
    "{} 处照片引用的文件没有收到": """
SELECT count(*) FROM attachment_use WHERE digest NOT IN (SELECT digest FROM attachment)""",
}


def verify(ws: Workspace, progress: Progress = SILENT) -> Verified:
    """Check everything. Raises ``UserError`` ``workspace.damaged``, ``journal.broken``; what merely does not fit is
    told in the answer."""
    progress.tick("正在核对文件")
    integrity.check_pages(ws)
    progress.tick("正在核对改动记录")
    links = journal.verify(ws)
    progress.tick("正在核对引用")
    faults = [
        sentence.format(count)
        for sentence, statement in _DANGLING.items()
        if (count := ws.db.conn.execute(statement).fetchone()[0])
    ]
    faults += _wrong_hashes(ws)
    return Verified(links, journal.head(ws), tuple(faults))


def _wrong_hashes(ws: Workspace) -> list[str]:
    faults = []
    for name, statement in (
        ("数据包清单", "SELECT id, manifest FROM package"),
        ("照片", "SELECT digest, content FROM attachment"),
        ("定版", "SELECT digest, content FROM snapshot"),
    ):
        wrong = sum(hashlib.sha256(data).hexdigest() != digest for digest, data in ws.db.conn.execute(statement))
        if wrong:
            faults.append(f"{wrong} 个{name}与登记的校验值不符")
    digest = catalogues.digest(ws)
    if digest and catalogues.current(ws).digest != digest:
        faults.append("现用的指标目录与登记的校验值不符")
    return faults
