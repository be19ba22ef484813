"""``receipt``: 回执包 for offices from which something has arrived."""

from __future__ import annotations

from pathlib import Path

import click

from xzdesk.cli import delivery, frame, lookup
from xzdesk.core.errors import UserError
from xzdesk.core.model import Level
from xzdesk.services import receipt
from xzdesk.services.session import Session
from xzdesk.store.packages import PackageKind


@frame.command()
@click.argument("units", nargs=-1, metavar="[单位]...", help="直接下级单位；不写时为交过上报包的全部单位。")
@frame.to_option("回执包")
@click.option("--again", metavar="编号", help="把以前封装的回执包再写一份。")
@click.option("--list", "listed", is_flag=True, help="列出封装过的回执包。")
@frame.workspace_options
@frame.json_option
def command(
    units: tuple[str, ...],
    to: Path | None,
    again: str | None,
    listed: bool,
    workspace: Path,
    user: str | None,
    as_json: bool,
) -> None:
    """写出回执包：收到了哪些包，哪些地方退回。

    例： xzdesk-cli receipt --to /media/U盘 -w 区.xzdb
    """
    frame.one_of(("--again", again), ("--list", listed))
    folder = None if listed else frame.folder(to)
    with frame.opened(workspace, user) as session:
        session.require(Level.DISTRICT, Level.TOWN)
        if folder is None:
            delivery.tell_sent(session, PackageKind.RECEIPT, as_json)
        elif again:
            delivery.write_again(session, again, folder, as_json)
        else:
            _write(session, units, folder, as_json)


def _write(session: Session, units: tuple[str, ...], folder: Path, as_json: bool) -> None:
    offices = lookup.units(session, units) if units else receipt.heard_from(session)
    if not offices:
        raise UserError("receipt.nobody", "还没有收到过下级的上报包，没有回执可写。", "请先用 import 读入上报包。")
    delivered = delivery.deliver(session, receipt.write_receipts(session, offices), folder)
    following = "下一步：把文件带给各单位，由对方用 import 读入。"
    delivery.tell(delivered, "receipt", "回执包", following, as_json)
