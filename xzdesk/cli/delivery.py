"""Writing sealed packages to a stick and saying what became of each; a full stick loses nothing that was sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from xzdesk.cli import frame, output
from xzdesk.core.errors import UserError
from xzdesk.services import exchanged, outgoing
from xzdesk.services.outgoing import Outgoing
from xzdesk.services.session import Session
from xzdesk.store.packages import PackageKind


@dataclass(frozen=True, slots=True)
class Delivered:
    """One sealed package. ``path`` is None when it could not be written; then ``error`` says why."""

    id: str
    unit: str
    name: str
    sequence: int
    bytes: int
    path: Path | None
    error: dict[str, str] | None = None


def deliver(session: Session, packages: Sequence[Outgoing], folder: Path) -> list[Delivered]:
    """Write each; one that fails does not stop the others."""
    return [_deliver(session, package, folder) for package in packages]


def _deliver(session: Session, package: Outgoing, folder: Path) -> Delivered:
    name = session.catalogue.units[package.unit].name
    facts = (package.id, package.unit, name, package.sequence, len(package.data))
    try:
        return Delivered(*facts, outgoing.deliver(package, folder))
    except UserError as error:
        return Delivered(*facts, None, output.of_error(error))


def tell(delivered: Sequence[Delivered], command: str, done: str, following: str, as_json: bool) -> None:
    """Report and, when one could not be written, end with status 2. ``command`` writes one again."""
    failed = [each for each in delivered if each.error]
    lines = [
        f"{done}：{each.path}（第 {each.sequence} 包，{each.bytes / 1024:.1f} KB，编号 {each.id[:8]}）"
        for each in delivered
        if each.path
    ]
    lines += [
        f"给{each.name}的第 {each.sequence} 包已封装，编号 {each.id[:8]}，但没有写出：{(each.error or {})['message']}"
        for each in failed
    ]
    if failed:
        lines.append((failed[0].error or {})["hint"])
        lines.append(f"再写一份：xzdesk-cli {command} --again {failed[0].id[:8]} --to 文件夹")
    else:
        lines.append(following)
    output.tell({"packages": delivered}, as_json, output.lines(lines))
    if failed:
        raise click.exceptions.Exit(frame.ATTENTION)


def write_again(session: Session, id: str, folder: Path, as_json: bool) -> None:
    """Write a package once more that was sealed before, and say so."""
    path = outgoing.write_again(session, id, folder)
    output.tell({"path": path}, as_json, f"已再写一份：{path}")


def tell_sent(session: Session, kind: PackageKind, as_json: bool) -> None:
    """The packages of one kind that this office has sealed."""
    sent = exchanged.sent(session, kind)
    rows = [
        (
            record.id[:8],
            session.catalogue.units[record.unit].name,
            record.sequence,
            record.period or "",
            exchanged.STATUS_WORDS[record.status],
            output.moment(record.recorded_at),
            record.recorded_by,
        )
        for record in sent
    ]
    columns = ("编号", "收件单位", "第几包", "期", "状态", "封装时间", "经办")
    value = {
        "packages": [
            {
                "id": record.id,
                "unit": record.unit,
                "sequence": record.sequence,
                "period": record.period,
                "status": record.status,
                "at": record.recorded_at,
                "by": record.recorded_by,
            }
            for record in sent
        ]
    }
    output.tell(value, as_json, output.table("", columns, rows, figures=(2,)) if rows else "还没有封装过。")
