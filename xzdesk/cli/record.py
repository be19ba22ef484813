"""``record``: one cell, one register row, or the 更正 that registers propose for months already handed in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from xzdesk.cli import frame, lookup, output
from xzdesk.core.errors import UserError
from xzdesk.core.model import CellRef, DataValue, RegisterSchema
from xzdesk.services import record, rows
from xzdesk.services.check import value_text
from xzdesk.services.record import Proposal, Recorded
from xzdesk.services.session import Session
from xzdesk.tables.content import read_value

CARRIED = "已作为更正登记，随下一个上报包报送。"


@frame.command(context_settings={"ignore_unknown_options": True})
@click.argument(
    "words",
    nargs=-1,
    metavar="[单位 采集项 期 值 | 字段=值...]",
    help='一格：四个词，名称或代码都可以；值写 / 为不适用，- 为未开展，空（""）为清空。台账行：字段=值。',
)
@click.option("--row", "register", metavar="台账", help="登记或修改这个台账的一行。")
@click.option("--unit", metavar="单位", help="台账新行所属的村、社区；查看时只看这个单位。")
@click.option("--id", "row", metavar="行号", help="修改或删除这一行（至少前 8 位）。")
@click.option("--delete", is_flag=True, help="删除 --id 指明的行。")
@click.option("--list", "listed", is_flag=True, help="列出台账的行号和各行名称。")
@click.option("--proposals", metavar="月份", help="列出台账与已上报月份不一致的数。")
@click.option("--accept-proposals", "accepted", metavar="月份", help="把这些数办理为更正，要写 --reason。")
@click.option("--reason", default="", metavar="理由", help="更正已上报月份的理由。")
@frame.workspace_options
@frame.json_option
def command(**given: Any) -> None:
    """填报一格，登记、修改、删除一行台账，办理更正。

    数值可以照表格里的写法：1,234、2.5万、90%；程序怎样读的会说明。

    \b
    例： xzdesk-cli record 大桥村 运行设施数 2026-10 12 -w 镇.xzdb
     xzdesk-cli record --row sewage_facility --unit 大桥村 name=一号站 state=正常 -w 镇.xzdb
     xzdesk-cli record --accept-proposals 2026-10 --reason "补录3月验收的2户，见区妇联名单" -w 镇.xzdb
    """
    words, as_json = given["words"], given["as_json"]
    frame.one_of(
        ("--row", given["register"]), ("--proposals", given["proposals"]), ("--accept-proposals", given["accepted"])
    )
    with frame.opened(given["workspace"], given["user"]) as session:
        if given["register"]:
            schema = lookup.register(session, given["register"])
            _register(session, schema, given)
        elif given["proposals"]:
            _proposals(session, given["proposals"], as_json)
        elif given["accepted"]:
            _accept(session, given["accepted"], given["reason"], as_json)
        elif len(words) == 4:
            _cell(session, words, given["reason"], as_json)
        else:
            raise UserError(
                "usage", f"填一格要写四个词：单位 采集项 期 值，现在是 {len(words)} 个。", "含空格的名称请加引号。"
            )


def _cell(session: Session, words: tuple[str, ...], reason: str, as_json: bool) -> None:
    ref = lookup.cell(session, *words[:3])
    element = session.catalogue.elements[ref.element]
    reading = read_value(words[3], element)
    where = _where(session, ref)
    if reading.problem is not None:
        raise UserError(reading.problem.code, f"{where}：{reading.problem.message}", reading.problem.hint)
    before = record.held(session, ref)
    done = record.record_cells(session, {ref: reading.value}, reason)
    after = value_text(session, ref, reading.value)
    if done.cells:
        text = f"{where}：由{value_text(session, ref, before)}改为{after}。"
    else:
        text = f"{where}：原来就是{after}，没有变化。"
    value = {"before": before, "after": reading.value, "conversions": reading.conversions, **_value(done)}
    following = CARRIED if done.corrections else f"下一步：xzdesk-cli check {_month(ref)}"
    output.tell(value, as_json, output.lines(text, [f"说明：{each}" for each in reading.conversions], following))


def _month(ref: CellRef) -> str:
    last = ref.period.last_month
    return f"{last // 12}-{last % 12 + 1:02}"


def _where(session: Session, ref: CellRef) -> str:
    catalogue = session.catalogue
    return f"{catalogue.units[ref.unit].name} {catalogue.elements[ref.element].name} {ref.period.label()}"


def _value(done: Recorded) -> dict[str, object]:
    return {"changed": done.cells, "corrections": done.corrections}


def _register(session: Session, schema: RegisterSchema, given: dict[str, Any]) -> None:
    as_json = given["as_json"]
    unit = session.unit(given["unit"]).code if given["unit"] else None
    if given["listed"]:
        _list(session, schema, unit, as_json)
        return
    row = rows.find(session, schema.code, given["row"], unit) if given["row"] else None
    if given["delete"]:
        if row is None:
            raise UserError("usage", "没有写要删除哪一行。", "请用 --id 写行号；行号可用 --list 查看。")
        record.delete_row(session, schema.code, row.id)
        output.tell({"deleted": row.id}, as_json, f"台账“{schema.title}”已删除一行，行号 {row.id[:8]}。")
        return
    if row is None and unit is None:
        raise UserError("usage", "没有写这一行属于哪个村、社区。", "请加上 --unit 单位；修改已有的行请写 --id。")
    office = row.unit if row else unit or ""
    contents, told = lookup.fields(session, schema, office, given["words"])
    if not contents:
        raise UserError("usage", "没有写这一行的内容。", "请写成 字段=值，例如 state=正常。")
    stored = record.record_row(session, schema.code, office, contents, row.id if row else None).rows[0]
    verb = "已登记一行" if row is None else ("已修改" if stored.revision > row.revision else "没有变化")
    text = output.lines(
        f"台账“{schema.title}”{verb}，{session.catalogue.units[office].name}，行号 {stored.id[:8]}。",
        [f"说明：{each}" for each in told],
        "由台账算出的采集项已随之更新；涉及已上报月份的，用 record --proposals 月份 查看。",
    )
    output.tell(
        {"id": stored.id, "unit": stored.unit, "revision": stored.revision, "fields": stored.fields}, as_json, text
    )


def _list(session: Session, schema: RegisterSchema, unit: str | None, as_json: bool) -> None:
    found = rows.listing(session, schema, unit)
    names = {code: each.name for code, each in session.catalogue.units.items()}
    text = output.table(
        f"{schema.title} {len(found)} 行",
        ("行号", "单位", "名称", "修改次数"),
        [(row.id[:8], names.get(row.unit, row.unit), label, row.revision) for row, label in found],
        figures=(3,),
    )
    value = [{"id": row.id, "unit": row.unit, "revision": row.revision, "fields": row.fields} for row, _ in found]
    output.tell({"register": schema.code, "rows": value}, as_json, text)


def _proposals(session: Session, month: str, as_json: bool) -> None:
    found = record.proposals(session, session.month(month))
    text = output.lines(
        _proposal_table(session, found) if found else "台账与已上报的月份一致，没有要更正的数。",
        f"下一步：xzdesk-cli record --accept-proposals {month} --reason 理由" if found else None,
    )
    output.tell({"proposals": found}, as_json, text)


def _proposal_table(session: Session, found: Iterable[Proposal]) -> str:
    def text(ref: CellRef, value: DataValue | None) -> str:
        return value_text(session, ref, value)

    rows_ = [(_where(session, p.cell), text(p.cell, p.sealed), text(p.cell, p.register)) for p in found]
    return output.table("台账与已上报月份不一致的数", ("何处", "已上报", "台账现在"), rows_)


def _accept(session: Session, month: str, reason: str, as_json: bool) -> None:
    done = record.accept_proposals(session, session.month(month), reason)
    text = f"已更正 {len(done.cells)} 处，随下一个上报包报送。" if done.cells else "没有要更正的数。"
    output.tell(_value(done), as_json, text)
