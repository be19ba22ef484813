"""``init``: the district's workspace, with its keys and the recovery key that exists on paper only."""

from __future__ import annotations

from pathlib import Path

import click

from xzdesk.cli import frame, output
from xzdesk.exchange.keys import RecoveryPaper
from xzdesk.services import catalogue_files, start


@frame.command()
@frame.workspace_option
@click.option("-u", "--user", required=True, metavar="姓名", help="第一个用户，身份为负责人。")
@click.option("--catalogue", "folder", type=frame.FILE, metavar="文件夹", help="指标目录；不写时用随程序安装的目录。")
@frame.json_option
def command(workspace: Path, user: str, folder: Path | None, as_json: bool) -> None:
    """建立区级工作库。

    生成本单位的密钥和纸质恢复密钥。恢复密钥只显示这一次，请当场抄下或打印；
    然后用 recover --prove 试用，试用以前不能开出开通包和任务包。

    例： xzdesk-cli init -w 区.xzdb --user 王主任
    """
    catalogue = catalogue_files.load(folder)
    typed = frame.passphrase(f"{user}的新口令", frame.PASSPHRASE_FILE, twice=True)
    district = catalogue.district
    started = start.create(workspace, unit=district.code, catalogue=catalogue, user=user, passphrase=typed)
    with started.session:
        text = output.lines(
            f"已建立{district.name}的工作库：{workspace}（{catalogue.title}，第 {catalogue.version} 版）。",
            paper_text(started.paper),
            f"下一步：xzdesk-cli recover --prove -w {workspace}",
        )
        value = {
            "workspace": workspace,
            "unit": district.code,
            "catalogue": {"id": catalogue.id, "version": catalogue.version, "digest": catalogue.digest},
            "recovery": paper_value(started.paper),
        }
        output.tell(value, as_json, text)


def paper_text(paper: RecoveryPaper) -> list[str]:
    """The recovery key as it is to be copied down."""
    groups = paper.groups
    rows = ["  " + "  ".join(groups[start : start + 5]) for start in range(0, len(groups), 5)]
    return [
        "恢复密钥（忘记口令时唯一的办法，只显示这一次，请抄在纸上，与工作库分开保管）：",
        *rows,
    ]


def paper_value(paper: RecoveryPaper) -> dict[str, object]:
    return {"groups": paper.groups, "recipient": paper.recipient}
