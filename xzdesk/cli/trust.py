"""``trust``: the number read by phone, revocation, own new keys, and the list of everybody's keys."""

from __future__ import annotations

from pathlib import Path

import click

from xzdesk.cli import frame, output
from xzdesk.core.errors import UserError
from xzdesk.exchange.keys import format_number
from xzdesk.services import enrol, exchanged, outgoing
from xzdesk.services.session import Session
from xzdesk.store import partners
from xzdesk.store.partners import PartnerRole, PartnerStatus

NOBODY = "无"
STATUS_WORDS = {
    PartnerStatus.PENDING: "等待核对",
    PartnerStatus.TRUSTED: "已启用",
    PartnerStatus.REVOKED: "已作废",
    PartnerStatus.REPLACED: "已被新密钥取代",
}


@frame.command()
@click.argument("unit", required=False, metavar="[单位]", help="要核对或作废密钥的下级单位。")
@click.option("--number", metavar="数字", help="对方电话里读出的 30 位数字；不写时在提示后输入。")
@click.option("--revoke", is_flag=True, help="作废该单位现用的密钥，不能恢复。")
@click.option("--rotate-own", is_flag=True, help="更换本单位的密钥，由旧密钥为新密钥作保。")
@click.option(
    "--recipient",
    "recipients",
    multiple=True,
    metavar="age1…",
    help="另外谁能打开发给本单位的包（如负责人、副职），可写多次；每次都重新写全，写“无”清空。",
)
@click.option("--list", "listed", is_flag=True, help="列出各单位的密钥。")
@frame.workspace_options
@frame.json_option
def command(
    unit: str | None,
    number: str | None,
    revoke: bool,
    rotate_own: bool,
    recipients: tuple[str, ...],
    listed: bool,
    workspace: Path,
    user: str | None,
    as_json: bool,
) -> None:
    """电话核对 30 位数字后启用下级单位的密钥；作废、更换、列出密钥。

    请用通讯录上的号码打给对方，由对方读出数字，这里照着输入，由程序比对。不要用对方来电，也不要用文件里的号码。

    例： xzdesk-cli trust 甲镇 --number "12345 67890 12345 67890 12345 67890" -w 区.xzdb
    """
    frame.one_of(
        ("--number", number),
        ("--revoke", revoke),
        ("--rotate-own", rotate_own),
        ("--recipient", recipients),
        ("--list", listed),
    )
    with frame.opened(workspace, user) as session:
        if listed:
            _list(session, as_json)
        elif rotate_own:
            _rotate(session, as_json)
        elif recipients:
            _name_recipients(session, recipients, as_json)
        elif unit is None:
            raise UserError("usage", "没有写单位。", "核对密钥请写单位；查看全部密钥请加 --list。")
        elif revoke:
            _revoke(session, unit, as_json)
        else:
            _trust(session, unit, number, as_json)


def _trust(session: Session, name: str, number: str | None, as_json: bool) -> None:
    unit = session.unit(name)
    typed = number or frame.secret(f"{unit.name}读出的 30 位数字", frame.NUMBER_FILE, hidden=False)
    partner = enrol.trust_unit(session, unit, typed)
    waiting = exchanged.waiting(session, unit.code)
    text = output.lines(
        f"数字相符，已启用{unit.name}的第 {partner.epoch} 代密钥。",
        f"隔离区里有它的 {waiting} 个数据包。下一步：xzdesk-cli import --release {unit.name}" if waiting else None,
        None if waiting else f"下一步：可以给它下发任务：xzdesk-cli task {unit.name} --to 文件夹",
    )
    value = {"unit": unit.code, "key_id": partner.key_id, "epoch": partner.epoch, "status": partner.status}
    output.tell({**value, "waiting": waiting}, as_json, text)


def _revoke(session: Session, name: str, as_json: bool) -> None:
    unit = session.unit(name)
    partner = enrol.revoke(session, unit)
    text = output.lines(
        f"已作废{unit.name}的第 {partner.epoch} 代密钥，以后用它签名的数据包一律不收。",
        f"下一步：该单位换好电脑后重新开通：xzdesk-cli invite {unit.name} --to 文件夹",
    )
    value = {"unit": unit.code, "key_id": partner.key_id, "epoch": partner.epoch, "status": partner.status}
    output.tell(value, as_json, text)


def _rotate(session: Session, as_json: bool) -> None:
    epoch = enrol.rotate(session)
    key = outgoing.own_key(session)
    text = output.lines(
        f"已启用本单位的第 {epoch} 代密钥，旧密钥为它作保。",
        "下一步：照常上报或下发；对方收到下一个数据包就改用新密钥，不用再打电话。",
    )
    output.tell({"epoch": epoch, "key_id": key.key_id}, as_json, text)


def _name_recipients(session: Session, recipients: tuple[str, ...], as_json: bool) -> None:
    named = enrol.set_recipients(session, [] if recipients == (NOBODY,) else recipients)
    text = output.lines(
        f"发给本单位的包现在有 {len(named)} 把密钥能打开（含本单位密钥和纸质恢复密钥）。",
        "下一步：写出任务包或回执包，下级收到后按新的名单加密。",
    )
    output.tell({"recipients": named}, as_json, text)


def _list(session: Session, as_json: bool) -> None:
    held = partners.partners(session.workspace)
    names = {code: unit.name for code, unit in session.catalogue.units.items()}
    rows = [
        (
            names.get(partner.unit, partner.unit),
            "上级" if partner.role is PartnerRole.UPPER else "下级",
            partner.epoch,
            STATUS_WORDS[partner.status],
            partner.key_id[:8],
            output.moment(partner.decided_at or ""),
            partner.decided_by or "",
        )
        for partner in held
    ]
    own = outgoing.own_key(session)
    value = {
        "own": {"unit": session.office.code, "key_id": own.key_id, "epoch": own.epoch},
        "keys": [
            {
                "unit": partner.unit,
                "role": partner.role,
                "epoch": partner.epoch,
                "status": partner.status,
                "key_id": partner.key_id,
                "decided_at": partner.decided_at,
                "decided_by": partner.decided_by,
            }
            for partner in held
        ],
    }
    upper = next((p for p in held if p.role is PartnerRole.UPPER and p.status is PartnerStatus.TRUSTED), None)
    columns = ("单位", "上下级", "第几代", "状态", "密钥号", "处理时间", "经办")
    text = output.lines(
        f"本单位：{session.office.name}，现用第 {own.epoch} 代密钥，密钥号 {own.key_id[:8]}。",
        output.table("", columns, rows, figures=(2,)) if rows else "还没有其他单位的密钥。",
        f"与上级核对的数字： {format_number(upper.number)}" if upper and upper.number else None,
    )
    output.tell(value, as_json, text)
