"""``task``: 任务包 for offices below; at the district also a newer catalogue put in force first."""

from __future__ import annotations

from pathlib import Path

import click

from xzdesk.cli import delivery, frame, lookup
from xzdesk.core.errors import UserError
from xzdesk.core.model import Level
from xzdesk.services import catalogue_files, catalogue_update, task
from xzdesk.services.session import Session
from xzdesk.store.packages import PackageKind


@frame.command()
@click.argument("units", nargs=-1, metavar="[单位]...", help="直接下级单位，可写几个；不写时为全部已启用密钥的下级。")
@frame.to_option("任务包")
@click.option(
    "--catalogue", "folder", type=frame.FILE, metavar="文件夹", help="区级：先启用这个文件夹里更新的指标目录。"
)
@click.option("--again", metavar="编号", help="把以前封装的任务包再写一份。")
@click.option("--list", "listed", is_flag=True, help="列出封装过的任务包和是否收到回执。")
@frame.workspace_options
@frame.json_option
def command(
    units: tuple[str, ...],
    to: Path | None,
    folder: Path | None,
    again: str | None,
    listed: bool,
    workspace: Path,
    user: str | None,
    as_json: bool,
) -> None:
    """下发任务包：指标目录、该单位的分解目标、密钥名单。

    例： xzdesk-cli task --to /media/U盘 -w 区.xzdb
    """
    frame.one_of(("--again", again), ("--list", listed), ("--catalogue", folder))
    target = None if listed else frame.folder(to)
    newer = catalogue_files.load(folder) if folder else None
    with frame.opened(workspace, user) as session:
        session.require(Level.DISTRICT, Level.TOWN)
        if target is None:
            delivery.tell_sent(session, PackageKind.TASK, as_json)
        elif again:
            delivery.write_again(session, again, target, as_json)
        else:
            if newer is not None:
                catalogue_update.put_in_force(session, newer)
            _issue(session, units, target, as_json)


def _issue(session: Session, units: tuple[str, ...], target: Path, as_json: bool) -> None:
    offices = lookup.units(session, units) if units else task.trusted_units(session)
    if not offices:
        raise UserError(
            "task.nobody", "还没有启用密钥的下级单位，没有下发任务。", "请先用 invite 开通，再用 trust 电话核对。"
        )
    delivered = delivery.deliver(session, task.issue(session, offices), target)
    catalogue = session.catalogue
    done = f"任务包（目录第 {catalogue.version} 版）"
    delivery.tell(delivered, "task", done, "下一步：把文件交给各单位，由对方用 import 读入。", as_json)
