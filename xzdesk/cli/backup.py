"""``backup``: a copy that has been opened and checked; the oldest ones beyond the number kept are dropped."""

from __future__ import annotations

from pathlib import Path

import click

from xzdesk.cli import frame, output
from xzdesk.core.errors import UserError
from xzdesk.services import keep

NO_FOLDER = "请先建好文件夹，或插好移动硬盘。"


@frame.command()
@click.option(
    "--to", type=frame.FILE, metavar="文件夹", help="备份到这个文件夹；不写时为设定的文件夹，或工作库旁的“备份”。"
)
@click.option("--always", is_flag=True, help="以后都备份到 --to 的文件夹。")
@click.option(
    "--keep", "kept", type=frame.WholeNumber(2, 100), help="这个文件夹里保留最近几份；不写时照设置（10 份）。"
)
@click.option("--list", "listed", is_flag=True, help="列出已有的备份。")
@frame.workspace_options
@frame.json_option
def command(
    to: Path | None,
    always: bool,
    kept: int | None,
    listed: bool,
    workspace: Path,
    user: str | None,
    as_json: bool,
) -> None:
    """备份工作库。备份仍是加密的，做好后会打开核对；较早的备份按保留份数清理。

    例： xzdesk-cli backup --to /media/移动硬盘/台账备份 -w 镇.xzdb
    """
    frame.one_of(("--list", listed), ("--always", always))
    with frame.opened(workspace, user) as session:
        if always:
            frame.need(to, "--to 文件夹", "备份到哪个文件夹")
            keep.choose_folder(session, to or Path())
        if to is not None and not to.is_dir():
            # A disk that is not plugged in must not become a folder of this one.
            raise UserError("backup.no_folder", f"没有文件夹“{to.name or to}”，没有备份。", NO_FOLDER)
        folder = to or keep.folder_of(session)
        made = None if listed else keep.back_up(session, folder, kept, frame.progress())
        existing = keep.listing(session.workspace.path, folder)
        rows = [(output.moment(each.made_at), f"{each.bytes / 1024 / 1024:.1f} MB", each.path) for each in existing]
        text = output.lines(
            f"已备份并核对：{made.path}（{made.bytes / 1024 / 1024:.1f} MB）。" if made else None,
            f"以后都备份到 {folder}。" if always else None,
            output.table(f"{folder} 里的备份", ("备份时间", "大小", "文件"), rows) if listed and rows else None,
            f"{folder} 里还没有这个工作库的备份。" if listed and not rows else None,
            None if listed else f"共保留 {len(existing)} 份。恢复用：xzdesk-cli restore 备份文件 -w 工作库",
        )
        output.tell({"made": made, "folder": folder, "backups": existing}, as_json, text)
