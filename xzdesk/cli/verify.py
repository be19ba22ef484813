"""``verify``: whether the file, the change log and everything that refers to something else fit together."""

from __future__ import annotations

from pathlib import Path

import click

from xzdesk.cli import frame, output
from xzdesk.services import keep


@frame.command()
@frame.workspace_options
@frame.json_option
def command(workspace: Path, user: str | None, as_json: bool) -> None:
    """核验工作库：文件的每一页、改动记录的链条、各处引用和校验值。

    有对不上的地方时退出码为 2。

    例： xzdesk-cli verify -w 镇.xzdb
    """
    with frame.opened(workspace, user) as session:
        checked = keep.check_integrity(session, frame.progress())
    text = output.lines(
        f"文件完好；改动记录共 {checked.links} 次操作，链条完整。",
        f"链条末端 {checked.head}" if checked.head else None,
        [f"对不上：{fault}。" for fault in checked.faults],
        "请先备份，再把以上内容报告区专班办公室。" if checked.faults else "各处引用和校验值都对得上。",
    )
    output.tell(checked, as_json, text)
    if checked.faults:
        raise click.exceptions.Exit(frame.ATTENTION)
