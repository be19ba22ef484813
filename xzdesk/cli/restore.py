"""``restore``: put a backup in place of a workspace, or on another computer."""

from __future__ import annotations

from pathlib import Path

import click

from xzdesk.cli import frame, output
from xzdesk.core.errors import UserError
from xzdesk.services import keep


@frame.command()
@click.argument(
    "source", required=False, type=frame.FILE, metavar="[备份文件]", help="要恢复的备份（.xzdb，旁边有 .keys）。"
)
@click.option("--list", "listed", is_flag=True, help="列出工作库的备份，不用口令。")
@click.option(
    "--from", "folder", type=frame.FILE, metavar="文件夹", help="--list 看哪个文件夹；不写时为工作库旁的“备份”。"
)
@frame.workspace_options
@frame.json_option
def command(
    source: Path | None,
    listed: bool,
    folder: Path | None,
    workspace: Path,
    user: str | None,
    as_json: bool,
) -> None:
    """从备份恢复工作库，用备份那时的口令。

    -w 写恢复到哪里。那里原有的工作库改名留着，不会删除。

    例： xzdesk-cli restore 备份/镇_20261101T080000Z.xzdb -w 镇.xzdb
    """
    if listed:
        existing = keep.listing(workspace, folder)
        rows = [(output.moment(each.made_at), f"{each.bytes / 1024 / 1024:.1f} MB", each.path) for each in existing]
        text = output.table("", ("备份时间", "大小", "文件"), rows) if rows else "没有找到这个工作库的备份。"
        output.tell({"backups": existing}, as_json, text)
        return
    if source is None:
        raise UserError("usage", "没有写要恢复哪个备份。", "请写备份文件；用 restore --list 查看有哪些。")
    typed = frame.passphrase(f"备份“{source.name}”的口令", frame.PASSPHRASE_FILE)
    done = keep.restore(source, workspace, user, typed)
    text = output.lines(
        f"已恢复到 {done.path}{f'，内容截至 {output.moment(done.made_at)}' if done.made_at else ''}。",
        f"原来的工作库改名为 {done.aside.name}，确认恢复无误后再删。" if done.aside else None,
        "下一步：先读入上级最近的回执包，再补录备份以后的内容；备份以后上报过的，包号会接着上级收到的编。",
    )
    output.tell(done, as_json, text)
