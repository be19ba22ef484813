"""``submit``: second person, seal, write to the stick."""

from __future__ import annotations

from pathlib import Path

import click

from xzdesk.cli import delivery, frame
from xzdesk.core.model import Level
from xzdesk.services import submit
from xzdesk.services.session import Session
from xzdesk.store.packages import PackageKind


@frame.command()
@click.argument("period", required=False, metavar="[月份]", help="例如 2026-10；本年以前没有上报的月份一并上报。")
@click.option("--reviewer", metavar="姓名", help="复核人或负责人，不能是填报人自己。")
@frame.to_option("上报包")
@click.option("--again", metavar="编号", help="把以前封装的上报包再写一份。")
@click.option("--list", "listed", is_flag=True, help="列出封装过的上报包和是否收到回执。")
@frame.workspace_options
@frame.json_option
def command(
    period: str | None,
    reviewer: str | None,
    to: Path | None,
    again: str | None,
    listed: bool,
    workspace: Path,
    user: str | None,
    as_json: bool,
) -> None:
    """审核、复核、封装并写出上报包。

    复核人的口令在提示后输入，或放在 XZDESK_REVIEWER_PASSPHRASE_FILE 指明的文件里。
    写出的文件会读回核对；U盘写不进去时，包已保存在工作库里，可以用 --again 再写。

    例： xzdesk-cli submit 2026-10 --reviewer 张站长 --to /media/U盘 -w 镇.xzdb
    """
    frame.one_of(("月份", period), ("--again", again), ("--list", listed))
    folder = None if listed else frame.folder(to)
    if not listed and not again:
        frame.need(period, "月份，例如 2026-10", "上报哪个月")
        frame.need(reviewer, "--reviewer 姓名", "复核人")
    with frame.opened(workspace, user) as session:
        session.require(Level.TOWN, Level.VILLAGE)
        if folder is None:
            delivery.tell_sent(session, PackageKind.SUBMISSION, as_json)
        elif again:
            delivery.write_again(session, again, folder, as_json)
        else:
            _submit(session, period or "", reviewer or "", folder, as_json)


def _submit(session: Session, period: str, reviewer: str, folder: Path, as_json: bool) -> None:
    month = session.month(period)
    # What cannot be handed in is said before a second person is asked to come.
    submit.demand_other_person(session, reviewer)
    submit.demand_upper(session)
    findings = submit.demand_ready(session, month, frame.progress())
    signature = submit.sign(session, reviewer, frame.passphrase(f"{reviewer}的口令", frame.REVIEWER_FILE))
    sealed = submit.seal_month(session, month, signature, findings, frame.progress())
    upper = session.catalogue.units[sealed.unit].name
    following = f"已读回核对，可以拔出U盘。下一步：把文件交给{upper}，带回回执后用 import 读入。"
    delivery.tell(delivery.deliver(session, [sealed], folder), "submit", f"{month.label()}上报包", following, as_json)
