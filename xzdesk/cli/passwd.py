"""``passwd``: one's own new passphrase, or one for somebody who forgot theirs."""

from __future__ import annotations

from pathlib import Path

import click

from xzdesk.cli import frame, output
from xzdesk.services import people
from xzdesk.services.session import open_session


@frame.command()
@click.option("--for", "other", metavar="姓名", help="负责人为这个人重设口令。")
@frame.workspace_options
@frame.json_option
def command(other: str | None, workspace: Path, user: str | None, as_json: bool) -> None:
    """修改自己的口令；负责人也可以为别人重设口令。

    原口令用 XZDESK_PASSPHRASE_FILE，新口令用 XZDESK_NEW_PASSPHRASE_FILE，或在提示后输入。

    例： xzdesk-cli passwd -w 镇.xzdb
    """
    if other:
        with frame.opened(workspace, user) as session:
            people.reset_passphrase(session, other, frame.passphrase(f"{other}的新口令", frame.NEW_FILE, twice=True))
        text = output.lines(f"已为{other}重设口令。", "请当面告知本人，并让本人尽快用 passwd 改成自己的。")
        output.tell({"user": other, "reset": True}, as_json, text)
        return
    old = frame.passphrase("原口令", frame.PASSPHRASE_FILE)
    with open_session(workspace, user, old) as session:
        new = frame.passphrase("新口令", frame.NEW_FILE, twice=True)
        people.change_passphrase(session, old, new)
        who = session.workspace.user
    text = output.lines(f"{who}的口令已修改。", "以前的备份仍要用那时的口令打开；建议现在备份一次。")
    output.tell({"user": who, "changed": True}, as_json, text)
