"""Invented register rows for the measurements, as the texts that a package carries. They pass the catalogues' checks.

A town's registers are shared out as ``SHARES`` says; every row is made of fields that a real one would have, so that
sizes, compression and checks are those of real rows. The same seed gives the same rows.
"""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Callable, Mapping, Sequence

from xzdesk.core.model import Catalogue, OrgUnit, RegisterSchema

Row = list[str]
Fields = dict[str, str]
Parent = tuple[str, Fields]
"""Id and fields of the row that a row refers to."""

SHARES: Mapping[str, float] = {
    "model_courtyard": 0.57,
    "idle_farmhouse": 0.18,
    "sewage_facility": 0.04,
    "water_test": 0.2,
    "major_project": 0.01,
    "well": 0.3,
    "well_test": 0.7,
}
"""Of a town's rows, in each register of the two catalogues."""

PARENTS: Mapping[str, str] = {"water_test": "sewage_facility", "well_test": "well"}
"""Register whose rows a register refers to, by the field it does so with."""

SURNAMES, GIVEN = (
    "沈陆姚顾徐钱朱张王吴陈俞潘施计金费严",
    "建国明华林根荣泉海观生福祥兴伟峰平芳英珍妹凤娟萍丽琴红霞玉兰雪梅",
)
LANES = ("东浜", "西浜", "南港", "北港", "大圩", "小圩", "荷花塘", "庙桥", "陆家埭", "沈家浜")
FIRM = ("嘉兴秀禾水务有限公司", "嘉兴清源环境服务有限公司", "秀洲区城乡污水运维中心", "嘉兴绿港生态科技有限公司")
LABORATORY = ("嘉兴市环境监测中心", "浙江禾城检测技术有限公司", "秀洲区水质检测站")
USES = ("民宿", "农家乐", "共富工坊", "养老", "文创", "仓储", "其他")


class Entries:
    """One town's registers up to a day, and what a further month adds and changes."""

    def __init__(self, catalogue: Catalogue, units: Sequence[OrgUnit], count: int, last: dt.date, seed: str) -> None:
        self._chance = random.Random(seed)
        self._catalogue = catalogue
        self._units = [unit.code for unit in units]
        self._last = last
        self._number = 0
        self._made: dict[str, list[tuple[Row, Fields]]] = {}
        """Row and its fields by register, parents before what refers to them."""
        for code in sorted(catalogue.registers, key=lambda code: code in PARENTS):
            wanted = round(count * SHARES[code])
            self._made[code] = [self._new(code, dt.date(2018, 1, 1), last) for _ in range(wanted)]

    def rows(self, code: str) -> list[Row]:
        return [row for row, _ in self._made[code]]

    def header(self, code: str) -> tuple[str, ...]:
        return ("id", "unit", "deleted", "revision", *(field.name for field in self._schema(code).fields))

    def totals(self, register: str, field: str) -> dict[str, int]:
        """By unit, what a whole number adds up to; all 0 where there is no such register."""
        sums = dict.fromkeys(self._units, 0)
        for row, fields in self._made.get(register, ()):
            sums[row[1]] += int(fields[field])
        return sums

    def next_month(self, share: float) -> dict[str, list[Row]]:
        """Move on by a month: ``share`` new rows in every register, and as many changed; those rows, by register."""
        first = self._last + dt.timedelta(days=1)
        self._last = first + dt.timedelta(days=27)
        moved: dict[str, list[Row]] = {}
        for code, made in self._made.items():
            count = max(1, round(len(made) * share))
            changed = self._chance.sample(range(len(made)), count)
            moved[code] = [self._changed(code, made, at) for at in changed]
            new = [self._new(code, first, self._last) for _ in range(count)]
            made.extend(new)
            moved[code] += [row for row, _ in new]
        return moved

    def _changed(self, code: str, made: list[tuple[Row, Fields]], at: int) -> Row:
        """A row with another of its plain texts, one revision further."""
        row, fields = made[at]
        field = next(f.name for f in self._schema(code).fields if f.name in _FREELY)
        fields = {**fields, field: _FREELY[field](self._chance)}
        made[at] = self._row(code, row[0], row[1], int(row[3]) + 1, fields), fields
        return made[at][0]

    def _new(self, code: str, first: dt.date, last: dt.date) -> tuple[Row, Fields]:
        chance = self._chance
        self._number += 1
        unit = chance.choice(self._units)
        parent: Parent = ("", {})
        if code in PARENTS:
            # What is joined to the town's sewer has no outlet of its own to test.
            row, held = chance.choice([made for made in self._made[PARENTS[code]] if made[1]["kind"] != "纳管"])
            unit, parent = row[1], (row[0], held)
        fields = _FIELDS[code](chance, self._number, first, last, parent)
        identifier = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        return self._row(code, identifier, unit, 1, fields), fields

    def _row(self, code: str, identifier: str, unit: str, revision: int, fields: Fields) -> Row:
        cells = [fields.get(field.name, "") for field in self._schema(code).fields]
        return [identifier, unit, "0", str(revision), *cells]

    def _schema(self, code: str) -> RegisterSchema:
        return self._catalogue.registers[code]


# --- what stands in a row: of chance, a running number, between which days it begins, and the row it belongs to ------


def _person(chance: random.Random) -> str:
    return chance.choice(SURNAMES) + "".join(chance.choices(GIVEN, k=chance.choice((1, 2, 2))))


def _door(chance: random.Random, number: int) -> str:
    return f"{chance.choice(LANES)}{number}号"


def _day(chance: random.Random, first: dt.date, last: dt.date) -> dt.date:
    return first + dt.timedelta(days=chance.randrange((last - first).days + 1))


def _courtyard(chance: random.Random, number: int, first: dt.date, last: dt.date, _: Parent) -> Fields:
    day = _day(chance, first, last)
    fields = {
        "household_head": _person(chance),
        "door_number": _door(chance, number),
        "grade": chance.choices(("区级", "市级", "省级"), (80, 15, 5))[0],
        "awarded_on": day.isoformat(),
    }
    if day.year < 2024:
        fields |= {"recheck": "保持", "rechecked_on": _day(chance, day, last).isoformat()}
    return fields


def _farmhouse(chance: random.Random, number: int, first: dt.date, last: dt.date, _: Parent) -> Fields:
    day = _day(chance, first, last)
    plot = chance.uniform(60, 180)
    fields = {
        "owner": _person(chance),
        "location": _door(chance, number),
        "plot_area": f"{plot:.1f}",
        "floor_area": f"{plot * chance.uniform(1, 2.8):.1f}",
        "idle_since": day.isoformat(),
        "structure_grade": chance.choice("AB"),
        "state": chance.choices(("闲置", "已激活"), (60, 40))[0],
    }
    if fields["state"] == "已激活":
        begun = _day(chance, day, last).isoformat()
        fields |= {"mode": chance.choice(("出租", "合作")), "operator": _person(chance), "use": chance.choice(USES)}
        fields |= {"contract_from": begun, "contract_to": f"2032-0{chance.randint(1, 9)}-01", "activated_on": begun}
        fields |= {"rent": str(chance.randrange(4000, 20_000, 100))} if fields["mode"] == "出租" else {}
    return fields


def _facility(chance: random.Random, number: int, first: dt.date, last: dt.date, _: Parent) -> Fields:
    # Most of a town's facilities are years old.
    day = _day(chance, first, min(last, first + dt.timedelta(days=1000)))
    kind = chance.choices(("纳管", "集中处理终端"), (40, 60))[0]
    served = chance.randint(8, 30)
    return {
        "name": f"{chance.choice(LANES)}{number}号{'片区' if kind == '纳管' else '终端'}",
        "kind": kind,
        "capacity": "" if kind == "纳管" else f"{served * chance.uniform(0.2, 0.8):.1f}",
        "households_served": str(served),
        "built_on": day.isoformat(),
        "operator": chance.choice(FIRM),
        "state": "正常",
        "standardised": "yes",
    }


def _water_test(chance: random.Random, _: int, first: dt.date, last: dt.date, parent: Parent) -> Fields:
    facility, held = parent
    begun = max(first, dt.date.fromisoformat(held["built_on"]))
    passed = chance.random() > 0.01
    return {
        "facility": facility,
        "sampled_on": _day(chance, begun, last).isoformat(),
        "cod": f"{chance.uniform(12, 55):.2f}",
        "ammonia": f"{chance.uniform(0.5, 8):.2f}",
        "phosphorus": f"{chance.uniform(0.2, 2):.2f}",
        "suspended_solids": f"{chance.uniform(5, 25):.2f}",
        "ph": f"{chance.uniform(6.5, 8.4):.2f}",
        "laboratory": chance.choice(LABORATORY),
        "passed": "yes" if passed else "no",
    }


def _project(chance: random.Random, number: int, first: dt.date, last: dt.date, _: Parent) -> Fields:
    day = _day(chance, first, last)
    planned = chance.uniform(80, 20_000)
    return {
        "name": f"{chance.choice(LANES)}片区提升工程{number}期",
        "track": "实施乡村宜居宜业提升行动",
        "owner": "秀洲区乡村振兴建设发展有限公司",
        "contact_leader": _person(chance),
        "planned_investment": f"{planned:.2f}",
        "completed_investment": f"{planned * chance.random():.2f}",
        "milestones": "完成施工图审查和招标；主体开工；附属工程和验收按季推进。",
        "state": "在建",
        "started_on": day.isoformat(),
        "due_on": f"2028-{chance.randint(1, 12):02}-28",
    }


def _well(chance: random.Random, number: int, first: dt.date, last: dt.date, _: Parent) -> Fields:
    day = _day(chance, first, last)
    return {
        "name": f"{chance.choice(LANES)}{number}号井",
        "kind": "集中",
        "capacity": f"{chance.uniform(1, 90):.1f}",
        "households": str(chance.randint(1, 4)),
        "built_on": day.isoformat(),
        "keeper": _person(chance),
        "standard": "yes",
        "state": "正常",
    }


def _well_test(chance: random.Random, _: int, first: dt.date, last: dt.date, parent: Parent) -> Fields:
    begun = max(first, dt.date.fromisoformat(parent[1]["built_on"]))
    return {
        "well": parent[0],
        "sampled_on": _day(chance, begun, last).isoformat(),
        "turbidity": f"{chance.uniform(0.1, 3):.2f}",
        "laboratory": chance.choice(LABORATORY),
        "passed": "yes",
    }


_FIELDS: Mapping[str, Callable[[random.Random, int, dt.date, dt.date, Parent], Fields]] = {
    "model_courtyard": _courtyard,
    "idle_farmhouse": _farmhouse,
    "sewage_facility": _facility,
    "water_test": _water_test,
    "major_project": _project,
    "well": _well,
    "well_test": _well_test,
}

_FREELY: Mapping[str, Callable[[random.Random], str]] = {
    "household_head": _person,
    "owner": _person,
    "contact_leader": _person,
    "keeper": _person,
    "operator": lambda chance: chance.choice(FIRM),
    "laboratory": lambda chance: chance.choice(LABORATORY),
}
"""Fields whose content may change without touching a figure or a rule."""
