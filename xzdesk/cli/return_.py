"""``return``: send single cells and register rows back with a reason; take a return back; list what stands."""

from __future__ import annotations

from typing import Any

import click

from xzdesk.cli import frame, lookup, output
from xzdesk.core.errors import UserError
from xzdesk.core.model import CellRef, Level, RowRef
from xzdesk.core.periods import Period
from xzdesk.services import returns, rows
from xzdesk.services.returns import ReturnRequest
from xzdesk.services.session import Session
from xzdesk.store.verdicts import Returned, ReturnStatus

STATUS_WORDS = {
    ReturnStatus.OPEN: "待发回执",
    ReturnStatus.SENT: "已发回执，待改",
    ReturnStatus.MENDED: "已改",
    ReturnStatus.WITHDRAWN: "已撤回",
}


@frame.command()
@click.argument("words", nargs=-1, metavar="[单位 采集项 期]", help="退回一格：三个词，名称或代码都可以。")
@click.option("--row", "register", metavar="台账", help="退回这个台账的一行。")
@click.option("--id", "row", metavar="行号", help="--row 的哪一行（至少前 8 位，或这一行的名称）。")
@click.option("--field", default="", metavar="字段", help="--row 的哪个字段；不写时为整行。")
@click.option("--month", metavar="月份", help="--row 在哪个月的上报里发现。")
@click.option("--reason", default="", metavar="理由", help="哪里不对、怎样改。")
@click.option("--withdraw", metavar="退回编号", help="撤回一条还没有改的退回。")
@click.option("--list", "listed", is_flag=True, help="列出待改的退回。")
@frame.workspace_options
@frame.json_option
def command(**given: Any) -> None:
    """把单格或台账行退回下级，写明理由；撤回退回，列出待改的退回。

    退回随下一个回执包（receipt）带给下级。下级也可以用 --list 查看退回给自己的各处。

    例： xzdesk-cli return 大桥村 运行设施数 2026-10 --reason "与台账相差 12 户，请逐户核对" -w 区.xzdb
    """
    frame.one_of(("--row", given["register"]), ("--withdraw", given["withdraw"]), ("--list", given["listed"]))
    with frame.opened(given["workspace"], given["user"]) as session:
        if given["listed"]:
            _list(session, given["as_json"])
            return
        session.require(Level.DISTRICT, Level.TOWN)
        if given["withdraw"]:
            _withdraw(session, given["withdraw"], given["as_json"])
        else:
            _return(session, given)


def _return(session: Session, given: dict[str, Any]) -> None:
    if given["register"]:
        period, request = _row_request(session, given)
    elif len(given["words"]) == 3:
        period, request = _cell_request(session, given)
    else:
        raise UserError("usage", "退回一格要写三个词：单位 采集项 期。", "退回台账行请用 --row 和 --id。")
    noted = returns.return_places(session, period, [request])[0]
    office = session.catalogue.units[noted.office].name
    text = output.lines(
        f"已登记退回：{_place(session, noted)}，退回编号 {noted.id[:8]}。",
        f"下一步：xzdesk-cli receipt {office} --to 文件夹",
    )
    output.tell(_value(noted), given["as_json"], text)


def _cell_request(session: Session, given: dict[str, Any]) -> tuple[Period, ReturnRequest]:
    ref = lookup.cell(session, *given["words"])
    element = session.catalogue.elements[ref.element]
    if not element.asks(session.catalogue.units[ref.unit]) or ref.period.kind is not element.frequency:
        raise UserError(
            "return.unknown",
            f"没有这一格：{element.name} {ref.period.label()}。",
            "请核对采集项由谁填报，是月报、季报还是年报。",
        )
    return ref.period, ReturnRequest(ref, given["reason"])


def _row_request(session: Session, given: dict[str, Any]) -> tuple[Period, ReturnRequest]:
    schema = lookup.register(session, given["register"])
    frame.need(given["row"], "--id 行号", "退回哪一行")
    frame.need(given["month"], "--month 月份", "在哪个月的上报里发现")
    field = lookup.field(schema, given["field"]).name if given["field"] else ""
    row = rows.find(session, schema.code, given["row"])
    return session.month(given["month"]), ReturnRequest(RowRef(schema.code, row.id), given["reason"], field)


def _withdraw(session: Session, id: str, as_json: bool) -> None:
    found = [each for each in returns.standing(session) if len(id) >= 8 and each.id.startswith(id)]
    if len(found) != 1:
        raise UserError("return.unknown", "没有这个编号的待改退回。", "请用 return --list 查看，编号至少写前 8 位。")
    returns.withdraw(session, found[0].id)
    text = f"已撤回：{_place(session, found[0])}。下一个回执包会告诉下级。"
    output.tell({"withdrawn": found[0].id}, as_json, text)


def _list(session: Session, as_json: bool) -> None:
    found = returns.standing(session)
    table_rows = [
        (each.id[:8], _place(session, each), each.reason, _status(session, each), output.moment(each.returned_at))
        for each in found
    ]
    columns = ("退回编号", "何处", "理由", "状态", "退回时间")
    text = output.table(f"待改的退回 {len(found)} 处", columns, table_rows) if found else "没有待改的退回。"
    output.tell({"returned": [_value(each) for each in found]}, as_json, text)


def _status(session: Session, each: Returned) -> str:
    """Of the office's own returns, which came from above, it matters only that they are to be mended."""
    own = each.office == session.office.code and each.status is ReturnStatus.SENT
    return "待改" if own else STATUS_WORDS[each.status]


def _place(session: Session, each: Returned) -> str:
    catalogue = session.catalogue
    unit = catalogue.units[each.unit].name if each.unit in catalogue.units else each.unit
    if isinstance(each.place, CellRef):
        element = catalogue.elements.get(each.place.element)
        return f"{unit} {element.name if element else each.place.element} {each.period.label()}"
    schema = catalogue.registers.get(each.place.register)
    title = schema.title if schema else each.place.register
    field = lookup.field(schema, each.field).title if schema and each.field else ""
    return f"{unit} 台账“{title}”行 {each.place.row[:8]} {field}".rstrip()


def _value(each: Returned) -> dict[str, object]:
    cell = isinstance(each.place, CellRef)
    return {
        "id": each.id,
        "office": each.office,
        "unit": each.unit,
        "period": each.period,
        "kind": "cell" if cell else "row",
        "place": each.place,
        "field": each.field,
        "reason": each.reason,
        "status": each.status,
        "package": each.package,
    }
