"""Reading ``units.csv`` and ``unit_events.csv``: one district, its towns, their villages, and what became of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from xzdesk.core.catalogue_parse import Codes, Faults, Place, Record, show
from xzdesk.core.errors import UserError
from xzdesk.core.model import Level, OrgUnit, UnitEvent, UnitEventKind, UnitKind
from xzdesk.core.periods import Period, PeriodKind

UNIT_COLUMNS: Final = ("code", "name", "kind", "parent_code")
EVENT_COLUMNS: Final = ("kind", "unit", "since", "into", "name")
_CODE: Final = re.compile(r"[0-9]{6,12}\Z", re.ASCII)
_ABOVE: Final = {Level.TOWN: Level.DISTRICT, Level.VILLAGE: Level.TOWN}
_ENDINGS: Final = frozenset({UnitEventKind.MERGED, UnitEventKind.CLOSED})
_FALLBACK_MONTH: Final = Period.month(2000, 1)


def read_units(faults: Faults, records: Iterable[Record]) -> dict[str, OrgUnit]:
    """The units by code, in the file's order."""
    units: dict[str, OrgUnit] = {}
    places: dict[str, Place] = {}
    codes = Codes()
    for record in records:
        unit = OrgUnit(
            record.raw("code"),
            record.text("name", limit=60),
            record.one_of("kind", UnitKind, UnitKind.VILLAGE),
            record.raw("parent_code"),
        )
        if not _CODE.match(unit.code):
            record.fault(f"code “{show(unit.code)}”应为 6 到 12 位数字")
        if codes.fresh(record.place, unit.code):
            units[unit.code] = unit
            places[unit.code] = record.place
    if not any(unit.level is Level.DISTRICT for unit in units.values()):
        faults.add("units.csv", 0, "没有区级单位（kind 为 district）")
    _check_tree(units, places)
    return units


def _check_tree(units: Mapping[str, OrgUnit], places: Mapping[str, Place]) -> None:
    names = Codes("同一上级下的名称")
    districts = Codes("区级单位")
    for unit in units.values():
        place = places[unit.code]
        names.fresh(place, f"{unit.parent} {unit.name}".strip())
        if unit.level is Level.DISTRICT:
            districts.fresh(place, "district")
            if unit.parent:
                place.fault("区级单位的 parent_code 应为空")
            continue
        parent = units.get(unit.parent)
        if parent is None:
            place.fault(f"没有上级单位“{show(unit.parent)}”")
        elif parent.level is not _ABOVE[unit.level]:
            place.fault(f"上级单位“{show(unit.parent)}”的 kind 不对：村、社区的上级是镇、街道，镇、街道的上级是区")


def read_events(records: Iterable[Record], units: Mapping[str, OrgUnit]) -> tuple[UnitEvent, ...]:
    """The events in order of time."""
    events: list[tuple[UnitEvent, Place]] = []
    for record in records:
        event = UnitEvent(
            record.one_of("kind", UnitEventKind, UnitEventKind.RENAMED),
            record.raw("unit"),
            _month(record),
            record.raw("into"),
            record.text("name", required=False, limit=60),
        )
        if _fits(event, record, units):
            events.append((event, record.place))
    events.sort(key=lambda pair: pair[0].since)
    _check_history(events, units)
    return tuple(event for event, _ in events)


def _month(record: Record) -> Period:
    text = record.raw("since")
    try:
        period = Period.parse(text)
        if period.kind is PeriodKind.MONTH:
            return period
    except UserError:
        pass
    record.fault(f"since “{show(text)}”应为月份，如 2025-01")
    return _FALLBACK_MONTH


def _fits(event: UnitEvent, record: Record, units: Mapping[str, OrgUnit]) -> bool:
    unit, into = units.get(event.unit), units.get(event.into)
    if unit is None:
        record.fault(f"没有单位“{show(event.unit)}”")
    elif unit.level is Level.DISTRICT and event.kind is not UnitEventKind.RENAMED:
        record.fault("区级单位不能撤并")
    if event.into and into is None:
        record.fault(f"没有单位“{show(event.into)}”")
    if event.kind is UnitEventKind.RENAMED:
        if not event.name or event.into:
            record.fault("更名要填 name（原来的名称），into 应为空")
    elif event.kind is UnitEventKind.FOUNDED:
        if event.name or event.into:
            record.fault("新设的 name、into 应为空")
    else:
        if event.name:
            record.fault("撤并的 name 应为空")
        if event.kind is UnitEventKind.MERGED and not event.into:
            record.fault("合并要填 into")
    if unit is not None and into is not None and (into is unit or into.level is not unit.level):
        record.fault("into 应为同一级的另一个单位")
        return False
    return unit is not None and (into is not None or not event.into)


def _check_history(events: list[tuple[UnitEvent, Place]], units: Mapping[str, OrgUnit]) -> None:
    """A unit begins and ends once, nothing happens to it before or after, and its heir and children do not dangle."""
    ends = {event.unit: event.since for event, _ in reversed(events) if event.kind in _ENDINGS}
    begins = {event.unit: event.since for event, _ in events if event.kind is UnitEventKind.FOUNDED}
    ended: dict[str, int] = {}
    same = Codes("同一单位同月的变更")
    for event, place in events:
        same.fresh(place, f"{event.kind} {event.unit} {event.since}")
        if event.unit in ended:
            place.fault(f"单位“{event.unit}”已在第 {ended[event.unit]} 行撤并")
        if event.into in ends and ends[event.into] <= event.since:
            place.fault(f"接续的单位“{event.into}”当时已经撤并")
        if event.into in begins and begins[event.into] > event.since:
            place.fault(f"接续的单位“{event.into}”当时还没有设立")
        if event.unit in begins and begins[event.unit] > event.since:
            place.fault(f"单位“{event.unit}”当时还没有设立")
        if event.kind not in _ENDINGS:
            continue
        ended.setdefault(event.unit, place.line)
        for unit in units.values():
            if unit.parent == event.unit and (unit.code not in ends or ends[unit.code] > event.since):
                place.fault(f"撤并后下级单位“{unit.code}”还在，units.csv 里应改归新的上级")
