"""``freeze``: fix a month's figures as they are published; a new edition lists what it changes."""

from __future__ import annotations

from pathlib import Path

import click

from xzdesk.cli import frame, output
from xzdesk.core.model import Level
from xzdesk.services import freeze
from xzdesk.services.freeze import Frozen
from xzdesk.services.session import Session


@frame.command()
@click.argument("period", metavar="月份", help="例如 2026-10。")
@click.option("--list", "listed", is_flag=True, help="列出这个月定过的版和每一版改了哪些数，不定新版。")
@frame.workspace_options
@frame.json_option
def command(period: str, listed: bool, workspace: Path, user: str | None, as_json: bool) -> None:
    """定版一个月的汇总结果，以后公布的数都从定版取。

    数字没有变化时不出新版；有变化时出新版，并列出每一处变动（更正说明）。

    例： xzdesk-cli freeze 2026-10 -w 区.xzdb
    """
    with frame.opened(workspace, user) as session:
        session.require(Level.DISTRICT)
        month = session.month(period)
        if listed:
            editions = freeze.editions(session, month)
            text = output.lines([_edition(session, each) for each in editions]) or f"{month.label()}还没有定版。"
            output.tell({"period": month, "editions": editions}, as_json, text)
            return
        frozen = freeze.freeze(session, month)
        done = (
            f"{month.label()}已定版，第 {frozen.edition} 版。"
            if frozen.is_new
            else f"{month.label()}的数字与第 {frozen.edition} 版相同，没有出新版。"
        )
        output.tell(frozen, as_json, output.lines(done, _edition(session, frozen)))


def _edition(session: Session, frozen: Frozen) -> str:
    units = session.catalogue.units
    rows = [
        (
            change.name,
            units[change.unit].name if change.unit in units else change.unit,
            "缺数" if change.before is None else change.before,
            "缺数" if change.after is None else change.after,
        )
        for change in frozen.changed
    ]
    title = f"第 {frozen.edition} 版改变的数 {len(rows)} 处"
    return output.lines(
        f"第 {frozen.edition} 版，{output.moment(frozen.frozen_at)} 定，校验值 {frozen.digest}。",
        output.table(title, ("指标", "单位", "原来", "现在"), rows, figures=(2, 3)) if rows else None,
    )
