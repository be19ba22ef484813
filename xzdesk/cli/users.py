"""``users``: who may unlock the workspace, and as what."""

from __future__ import annotations

from pathlib import Path

import click

from xzdesk.cli import frame, output
from xzdesk.services import people
from xzdesk.services.session import Session
from xzdesk.store.connect import Role
from xzdesk.store.users import User

ROLES = {word: role for role, word in people.ROLE_WORDS.items()} | {role.value: role for role in Role}


@frame.command()
@click.option("--add", metavar="姓名", help="增加用户；停用过的人恢复使用。")
@click.option("--close", metavar="姓名", help="停用用户，他做过的事仍记在他名下。")
@click.option("--change", metavar="姓名", help="改任身份，要写 --role。")
@click.option("--role", type=frame.Words(ROLES), metavar="身份", help="填报人、复核人、负责人；增加时不写为填报人。")
@click.option("--all", "closed", is_flag=True, help="停用的也列出。")
@frame.workspace_options
@frame.json_option
def command(
    add: str | None,
    close: str | None,
    change: str | None,
    role: Role | None,
    closed: bool,
    workspace: Path,
    user: str | None,
    as_json: bool,
) -> None:
    """列出用户；负责人可以增加、停用用户，改任身份。

    上报要两个人：填报的人，和另一位复核人或负责人。
    新用户的口令由本人在提示后输入，或放在 XZDESK_NEW_PASSPHRASE_FILE 指明的文件里。

    例： xzdesk-cli users --add 张站长 --role 复核人 -w 镇.xzdb
    """
    frame.one_of(("--add", add), ("--close", close), ("--change", change))
    if change and role is None:
        frame.need(None, "--role 身份", "改任什么身份")
    with frame.opened(workspace, user) as session:
        if add:
            typed = frame.passphrase(f"{add}的口令", frame.NEW_FILE, twice=True)
            _tell(people.add(session, add, role or Role.RECORDER, typed), "已增加用户", as_json)
        elif close:
            _tell(people.close(session, close), "已停用", as_json)
        elif change and role is not None:
            _tell(people.set_role(session, change, role), "已改任", as_json)
        else:
            _list(session, closed, as_json)


def _tell(changed: User, done: str, as_json: bool) -> None:
    text = f"{done}：{changed.name}（{people.ROLE_WORDS[changed.role]}）。"
    output.tell({"user": changed}, as_json, text)


def _list(session: Session, closed: bool, as_json: bool) -> None:
    found = people.listing(session, closed=closed)
    rows = [
        (
            each.name,
            people.ROLE_WORDS[each.role],
            output.moment(each.created_at),
            f"{output.moment(each.closed_at)} 停用" if each.closed_at else "在用",
        )
        for each in found
    ]
    text = output.lines(
        output.table("", ("姓名", "身份", "增加时间", "状态"), rows),
        None if _two_signers(found) else "只有一个人能办理，不能上报：请再增加一位复核人或负责人。",
    )
    output.tell({"users": found}, as_json, text)


def _two_signers(found: tuple[User, ...]) -> bool:
    active = [each for each in found if not each.closed_at]
    return len(active) > 1 and any(each.role is not Role.RECORDER for each in active)
