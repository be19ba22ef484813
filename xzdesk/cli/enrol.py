"""``enrol``: make this office's workspace from an invitation, and answer it; or answer once more."""

from __future__ import annotations

from pathlib import Path

import click

from xzdesk.cli import frame, output
from xzdesk.cli.init import paper_text, paper_value
from xzdesk.core.errors import UserError
from xzdesk.core.model import Level
from xzdesk.exchange.keys import format_number
from xzdesk.services import enrol
from xzdesk.services.session import Session


@frame.command()
@click.argument("invitation", type=frame.FILE, required=False, metavar="[开通包]", help="上级给的开通包文件。")
@frame.workspace_options
@frame.to_option("开通回复")
@frame.json_option
def command(invitation: Path | None, workspace: Path, user: str | None, to: Path | None, as_json: bool) -> None:
    """用开通包建立本单位的工作库，写出开通回复。

    开通码在提示后输入，或放在 XZDESK_CODE_FILE 指明的文件里。-w 写新工作库的位置，-u 写第一个用户的姓名。
    不写开通包时，打开已有的工作库，再写一份开通回复，并显示 30 位核对数字。

    例： xzdesk-cli enrol /media/U盘/甲镇_开通包.xzpkg -w 甲镇.xzdb -u 李会计 --to /media/U盘
    """
    if invitation is None:
        with frame.opened(workspace, user) as session:
            session.require(Level.TOWN, Level.VILLAGE)
            _tell(session, enrol.own_number(session), None, to, as_json)
        return
    frame.need(user, "-u 姓名", "第一个用户的姓名")
    code = frame.secret("20 位开通码", frame.CODE_FILE, hidden=False)
    typed = frame.passphrase(f"{user}的新口令", frame.PASSPHRASE_FILE, twice=True)
    enrolled = enrol.open_invitation(invitation, code, workspace, user=user or "", passphrase=typed)
    with enrolled.session as session:
        created = {"recovery": paper_value(enrolled.paper)}
        lines = [f"已建立{session.office.name}的工作库：{workspace}。", *paper_text(enrolled.paper)]
        _tell(session, enrolled.number, (created, lines), to, as_json)


def _tell(
    session: Session,
    number: str,
    created: tuple[dict[str, dict[str, object]], list[str]] | None,
    to: Path | None,
    as_json: bool,
) -> None:
    """Say everything even when the reply could not be written: the recovery key is shown only once."""
    value, lines = created or ({}, [])
    reply, error = None, None
    if to is not None:
        try:
            reply = enrol.answer(session, to)
        except UserError as refused:
            error = refused
    again = f"xzdesk-cli enrol -w {session.workspace.path} --to 文件夹"
    text = output.lines(
        lines,
        f"开通回复：{reply}" if reply else None,
        [f"开通回复没有写出：{error.message}", error.hint, f"再写一份：{again}"] if error else None,
        f"写开通回复：{again}" if to is None else None,
        f"核对数字（上级来电核对时逐组读出）： {format_number(number)}" if number else None,
        "下一步：把开通回复带给上级；上级按通讯录上的号码来电，读出核对数字，启用后即可上报。" if reply else None,
    )
    output.tell(
        {
            "workspace": session.workspace.path,
            "unit": session.office.code,
            "number": number,
            "reply": reply,
            **value,
            **({"error": output.of_error(error)} if error else {}),
        },
        as_json,
        text,
    )
    if error is not None:
        raise click.exceptions.Exit(frame.ATTENTION)
