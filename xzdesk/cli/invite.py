"""``invite``: 开通包 for offices directly below, each with a one-time code that goes by phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from xzdesk.cli import frame, lookup, output
from xzdesk.core.errors import UserError
from xzdesk.core.model import Level
from xzdesk.exchange.keys import format_number
from xzdesk.services import enrol


@frame.command()
@click.argument("units", nargs=-1, required=True, metavar="单位...", help="直接下级单位的全称或代码，可写几个。")
@frame.to_option("开通包")
@frame.workspace_options
@frame.json_option
def command(units: tuple[str, ...], to: Path | None, workspace: Path, user: str | None, as_json: bool) -> None:
    """给下级单位开具开通包。

    每个开通包配一个 20 位的一次性开通码。开通码用电话告诉对方，不要和文件放在一起。
    再开一次，以前没有用过的开通包就作废。

    例： xzdesk-cli invite 甲镇 乙镇 --to /media/U盘 -w 区.xzdb
    """
    folder = frame.folder(to)
    made: list[dict[str, Any]] = []
    lines: list[str] = []
    with frame.opened(workspace, user) as session:
        session.require(Level.DISTRICT, Level.TOWN)
        for unit in lookup.units(session, units):
            try:
                invited = enrol.invite(session, unit, folder)
            except UserError as error:
                # The codes of those before would be lost with them.
                made.append({"unit": unit.code, "name": unit.name, "error": output.of_error(error)})
                lines += [f"{unit.name}的开通包没有开成：{error.message}", error.hint]
                break
            made.append({"unit": unit.code, "name": unit.name, "file": invited.path, "code": invited.code})
            lines += [f"{unit.name}：{invited.path}", f"  开通码（电话告知）： {format_number(invited.code)}"]
    failed = "error" in made[-1]
    following = (
        None if failed else "下一步：对方用 enrol 开通后，把开通回复文件带回来，用 import 读入，再用 trust 核对。"
    )
    output.tell({"invitations": made}, as_json, output.lines(lines, following))
    if failed:
        raise click.exceptions.Exit(frame.ATTENTION)
