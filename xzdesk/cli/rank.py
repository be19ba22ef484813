"""``rank``: the towns of a month by score, with the reasons, the rules, or what other weights would give."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Final

import click

from xzdesk.cli import frame, output
from xzdesk.core.errors import UserError
from xzdesk.core.findings import figure as digits
from xzdesk.core.model import Level
from xzdesk.core.ranking import PART_WORDS, Part, Place, Ranking
from xzdesk.core.ranking_words import cause_words
from xzdesk.services import rank
from xzdesk.services.session import Session
from xzdesk.tables.numbers import read_number

PARTS: Final = {word: part for part, word in PART_WORDS.items()} | {part.value: part for part in Part}


@frame.command()
@click.argument("period", metavar="月份", help="例如 2026-10。")
@click.option("--unit", metavar="单位", help="只看这个镇、街道：每一分从哪里来，为什么升降。")
@click.option(
    "--weights", metavar="分值", help="试算：换一组分值，例如 进度=50,增量=20,质量=20,按时=10，合计100；不改目录。"
)
@click.option("--rules", is_flag=True, help="附上排名的全部规则。")
@frame.workspace_options
@frame.json_option
def command(
    period: str,
    unit: str | None,
    weights: str | None,
    rules: bool,
    workspace: Path,
    user: str | None,
    as_json: bool,
) -> None:
    """给镇（街道）排名，列出缘由、红旗和蜗牛。

    例： xzdesk-cli rank 2026-10 --unit 油车港镇 -w 区.xzdb
    """
    with frame.opened(workspace, user) as session:
        session.require(Level.DISTRICT)
        made = rank.rank(session, session.month(period), _weights(weights) if weights else None)
        told = made.rules if rules else ()
        if unit is None:
            text = output.lines(_title(made), places_table(session, made), _unranked(session, made), told)
            output.tell(made, as_json, text)
            return
        office = session.unit(unit)
        place = made.of(office.code)
        if place is None:
            raise UserError(
                "rank.not_ranked", f"{office.name}不在{made.period.label()}的排名里。", "排名只排有可计指标的镇、街道。"
            )
        output.tell(place, as_json, output.lines(_detail(session, place), told))


def places_table(session: Session, made: Ranking) -> str:
    """The places, a line each."""
    units = session.catalogue.units
    rows = [
        (
            place.place,
            units[place.unit].name,
            "红旗" if place.flag else "蜗牛" if place.snail else "",
            moved(place),
            place.score,
            *place.parts,
            f"{place.on_pace}/{len(place.measures)}",
            "\n".join([*(f"＋ {plus}" for plus in place.pluses), *(f"－ {minus}" for minus in place.minuses)]),
        )
        for place in made.places
    ]
    columns = ("名次", "单位", "", "较上月", "总分", *PART_WORDS.values(), "达到进度", "缘由")
    return output.table(f"{made.period.label()}镇、街道排名", columns, rows, figures=(0, 4, 5, 6, 7, 8, 9))


def moved(place: Place) -> str:
    """The movement in words; empty without a month before."""
    if place.moved is None:
        return ""
    if not place.moved:
        return "持平"
    return f"{'升' if place.moved > 0 else '降'} {abs(place.moved)}"


def _weights(text: str) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for word in text.replace("，", ",").split(","):
        name, equals, number = word.strip().partition("=")
        reading = read_number(number, "")
        if not equals or name not in PARTS or PARTS[name].value in found or reading.value is None:
            raise UserError(
                "usage", f"分值“{word[:30]}”认不出来。", "请写成 进度=50,增量=20,质量=20,按时=10，四项各写一次。"
            )
        found[PARTS[name].value] = reading.value
    return found


def _title(made: Ranking) -> str:
    if not made.what_if:
        return ""
    points = "，".join(f"{PART_WORDS[part]}{digits(weight)}" for part, weight in made.weights.items())
    return f"试算，不是公布的排名。分值：{points}。"


def _unranked(session: Session, made: Ranking) -> str:
    names = "、".join(session.catalogue.units[code].name for code in made.unranked)
    return f"没有可计指标，不参加排名：{names}。" if names else ""


def _detail(session: Session, place: Place) -> str:
    catalogue = session.catalogue
    by_cause = {(each.part, each.cause): each.points for each in place.contributions}
    rows = []
    for each in place.measures:
        indicator = catalogue.indicators[each.indicator]
        gained = by_cause.get((Part.INCREMENT, each.indicator))
        rows.append(
            (
                indicator.name,
                "缺数" if each.value is None else digits(each.value),
                digits(each.asked),
                indicator.unit,
                each.basis,
                f"{float(by_cause[Part.PROGRESS, each.indicator]):.2f}",
                "—" if gained is None else f"{float(gained):.2f}",
                each.missing or "",
                "按全区占比补足" if each.steadied else "",
            )
        )
    conduct = [
        f"{PART_WORDS[each.part]}：{cause_words(catalogue, each.part, each.cause)} {float(each.points):+.2f}分。"
        for each in place.contributions
        if each.cause not in catalogue.indicators
    ]
    name = catalogue.units[place.unit].name
    points = "，".join(f"{PART_WORDS[part]} {place.part(part)}" for part in Part)
    columns = ("指标", "现值", "参考", "单位", "时间", "进度得分", "增量得分", "缺数", "")
    return output.lines(
        f"{name}第{place.place}名，{place.score}分（{points}）。",
        place.explanation,
        [f"＋ {plus}" for plus in place.pluses],
        [f"－ {minus}" for minus in place.minuses],
        conduct,
        output.table("", columns, rows, figures=(1, 2, 5, 6, 7)),
    )
