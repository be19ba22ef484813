"""``recover``: a new passphrase by the recovery paper; ``--prove`` tries the paper before it is needed."""

from __future__ import annotations

from pathlib import Path

import click

from xzdesk.cli import frame, output
from xzdesk.services import keep, start

PAPER = "纸上的恢复密钥（15 组）"


@frame.command()
@click.option("--prove", is_flag=True, help="试用：照纸输入一遍，核对看得清、输得对；口令不变。")
@frame.workspace_options
@frame.json_option
def command(prove: bool, workspace: Path, user: str | None, as_json: bool) -> None:
    """忘记口令时，用纸质恢复密钥给 -u 的用户设新口令；或试用恢复密钥。

    恢复密钥在提示后输入，或放在 XZDESK_RECOVERY_FILE 指明的文件里（用后即删）；
    新口令在提示后输入，或放在 XZDESK_NEW_PASSPHRASE_FILE 指明的文件里。

    例： xzdesk-cli recover -u 李会计 -w 镇.xzdb
    """
    if prove:
        with frame.opened(workspace, user) as session:
            start.prove_recovery(session, frame.secret(PAPER, frame.RECOVERY_FILE, hidden=False))
            text = output.lines(
                "恢复密钥相符，已记下试用成功。请把纸收好，与工作库分开保管。",
                "下一步：可以给下级开具开通包：xzdesk-cli invite 单位 --to 文件夹",
            )
            output.tell({"proved": True}, as_json, text)
        return
    frame.need(user, "-u 姓名", "给哪个用户设新口令")
    typed = frame.secret(PAPER, frame.RECOVERY_FILE, hidden=False)
    new = frame.passphrase(f"{user}的新口令", frame.NEW_FILE, twice=True)
    keep.recover(workspace, typed, user or "", new)
    text = output.lines(f"{user}的口令已换成新的。", "以前的备份仍要用那时的口令或恢复密钥打开；建议现在备份一次。")
    output.tell({"user": user, "recovered": True}, as_json, text)
