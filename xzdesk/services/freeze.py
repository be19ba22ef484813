"""定版: freezing a month's figures as they are published; a later edition lists what changed (更正说明)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from xzdesk.core.errors import UserError
from xzdesk.core.indicators import Figure
from xzdesk.core.model import Level
from xzdesk.core.periods import Period
from xzdesk.core.plain import plain
from xzdesk.services import rank
from xzdesk.services.aggregate import Row, aggregate
from xzdesk.services.session import Session
from xzdesk.store import packages, snapshots
from xzdesk.store.snapshots import Snapshot

FORMAT = 1
"""Of a snapshot's content; rises when its names change."""
RANKED: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "排名": lambda place: f"第{place['place']}名，{place['score']}分",
    "排名变动说明": lambda place: str(place["explanation"]),
}
"""What is published of a town's place."""


@dataclass(frozen=True, slots=True)
class ChangedFigure:
    """A published figure that a later edition gives otherwise."""

    indicator: str
    """Empty for what the ranking says of a town."""
    name: str
    unit: str
    """Code of the office whose figure it is."""
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Frozen:
    """The edition in force, and what it changes against the one before; nothing for the first."""

    period: Period
    edition: int
    digest: str
    frozen_at: str
    changed: tuple[ChangedFigure, ...]
    is_new: bool
    """False when nothing has changed since the newest edition, which then stands."""


def freeze(session: Session, month: Period) -> Frozen:
    """Freeze ``month`` at the district. The same figures again make no new edition.

    Raises ``UserError`` ``freeze.nothing`` when no town has handed the month in.
    """
    session.require(Level.DISTRICT)
    content = content_of(session, month)
    if not any(content["handed_in"].values()):
        raise UserError(
            "freeze.nothing", f"{month.label()}还没有接收任何镇、街道的数据，不能定版。", "请先在“接收”里导入上报包。"
        )
    newest = snapshots.find(session.workspace, month)
    with session.workspace.transaction(f"定版 {month}"):
        snapshot = snapshots.add(session.workspace, month, content)
    is_new = newest is None or newest.digest != snapshot.digest
    earlier = newest if is_new else snapshots.find(session.workspace, month, snapshot.edition - 1)
    return _frozen(snapshot, earlier, is_new)


def editions(session: Session, month: Period) -> list[Frozen]:
    """Every edition of a month, newest first, each with what it changed."""
    kept = snapshots.editions(session.workspace, month)
    found = []
    for edition in kept:
        snapshot = snapshots.find(session.workspace, month, edition.edition)
        earlier = snapshots.find(session.workspace, month, edition.edition - 1)
        if snapshot is not None:
            found.append(_frozen(snapshot, earlier, is_new=False))
    return found


def content_of(session: Session, month: Period) -> dict[str, Any]:
    """What a snapshot of ``month`` holds as things stand: figures with what they are made of, ranking, packages."""
    catalogue = session.catalogue
    overview = aggregate(session, month)
    towns = [unit.code for unit in catalogue.children(session.office.code)]
    handed_in = packages.who_is_missing(session.workspace, towns, month)
    return {
        "format": FORMAT,
        "catalogue": {"version": catalogue.version, "digest": catalogue.digest},
        "period": str(month),
        "figures": {row.indicator: _row(row) for row in overview.rows},
        "other_goals": plain(overview.other_goals),
        "ranking": plain(rank.rank(session, month)),
        "handed_in": {
            unit: None if record is None else {"package": record.id, "sequence": record.sequence}
            for unit, record in handed_in.items()
        },
    }


def changed_figures(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[ChangedFigure, ...]:
    """The figures, the district's and the towns', that two contents give differently, in the catalogue's order."""
    changed = []
    old, new = before["figures"], after["figures"]
    for indicator in [*new, *(code for code in old if code not in new)]:
        was, now = _values(old.get(indicator)), _values(new.get(indicator))
        name = (new.get(indicator) or old[indicator])["name"]
        for unit in sorted({*was, *now}):
            if was.get(unit) != now.get(unit):
                changed.append(ChangedFigure(indicator, name, unit, was.get(unit), now.get(unit)))
    for name, told in RANKED.items():
        places = [{p["unit"]: told(p) for p in content["ranking"]["places"]} for content in (before, after)]
        for unit in sorted({*places[0], *places[1]}):
            if places[0].get(unit) != places[1].get(unit):
                changed.append(ChangedFigure("", name, unit, places[0].get(unit), places[1].get(unit)))
    return tuple(changed)


def _values(row: Mapping[str, Any] | None) -> dict[str, str | None]:
    return {} if row is None else {unit: made["value"] for unit, made in row["units"].items()}


def _row(row: Row) -> dict[str, Any]:
    standing = row.standing
    reference, goal = standing.reference, standing.next_target
    return {
        "name": row.name,
        "unit": row.unit,
        "basis": standing.figure.basis,
        "state": standing.state.value,
        "text_target": standing.text,
        "reference": None if reference is None else {"value": plain(reference.value), "origin": reference.origin.value},
        "next_target": None if goal is None else {"year": goal.year, "text": goal.text},
        "lacking": plain(standing.lacking),
        "monthly": plain(standing.monthly),
        "body": plain(row.body),
        "units": {figure.unit: _figure(figure) for figure in (standing.figure, *row.parts)},
    }


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "value": plain(figure.value),
        "numerator": plain(figure.numerator),
        "denominator": plain(figure.denominator),
        "missing": figure.missing,
    }


def _frozen(snapshot: Snapshot, earlier: Snapshot | None, is_new: bool) -> Frozen:
    changed = changed_figures(earlier.content, snapshot.content) if earlier is not None else ()
    return Frozen(snapshot.period, snapshot.edition, snapshot.digest, snapshot.frozen_at, changed, is_new)
