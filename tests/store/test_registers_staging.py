"""Register rows of a package: what is new, changed, older, gone or bad, and what is then written."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xzdesk.core.errors import UserError
from xzdesk.core.model import Catalogue, RegisterSchema
from xzdesk.store import journal, register_staging, register_texts, registers
from xzdesk.store.connect import Workspace
from xzdesk.store.register_staging import Staged

VILLAGE, OTHER, FOREIGN = "990101101201", "990101101202", "990101001201"
UNITS = (VILLAGE, OTHER)
A, B, C = (f"00000000-0000-0000-0000-00000000000{digit}" for digit in "abc")
HEADER = (
    *("id", "unit", "deleted", "revision"),
    *("name", "kind", "capacity", "households", "built_on", "keeper", "standard", "state", "old_number"),
)


def line(row_id: str, **changes: str) -> list[str]:
    cells = dict(zip(HEADER, (row_id, VILLAGE, "0", "1", "村口", "集中", "12.5", "80", "2024-03-08"), strict=False))
    cells |= {"keeper": "张三", "standard": "yes", "state": "正常", "old_number": ""}
    return list((cells | changes).values())


Stage = Callable[..., Staged]


@pytest.fixture
def ws(office: Workspace, tiny: Catalogue) -> Workspace:
    registers.ensure_tables(office, tiny)
    return office


def joined(*rows: list[str]) -> list[str]:
    """Rows as ``stage`` takes them."""
    return [register_texts.SEPARATOR.join(row) for row in rows]


@pytest.fixture
def well(tiny: Catalogue) -> RegisterSchema:
    return tiny.registers["well"]


@pytest.fixture
def stage(ws: Workspace, well: RegisterSchema) -> Stage:
    return lambda *rows: register_staging.stage(ws, well, HEADER, joined(*rows), UNITS)


@pytest.fixture
def take(ws: Workspace, stage: Stage) -> Callable[..., int]:
    def apply(*rows: list[str]) -> int:
        with ws.transaction("接收"):
            return register_staging.apply_staged(ws, stage(*rows))

    return apply


Take = Callable[..., int]


def counts(staged: Staged) -> tuple[int, int, int, int, int, int]:
    return (
        len(staged.new),
        len(staged.changed),
        len(staged.removed),
        staged.unchanged,
        staged.older,
        len(staged.bad),
    )


def test_new_rows_are_taken_as_they_came(ws: Workspace, well: RegisterSchema, stage: Stage, take: Take) -> None:
    rows = [line(A), line(B, unit=OTHER, deleted="1", revision="7", capacity="", keeper=""), line(C, households="")]
    assert counts(stage(*rows)) == (3, 0, 0, 0, 0, 0)
    assert registers.count(ws, well, include_deleted=True) == 0
    assert take(*rows) == 3
    assert registers.export(ws, well, None) == (HEADER, [tuple(row) for row in rows])
    row = registers.get(ws, well, A)
    assert row is not None
    assert (row.fields["capacity"], row.fields["built_on"]) == (Decimal("12.5"), dt.date(2024, 3, 8))


def test_the_same_again_writes_nothing(ws: Workspace, stage: Stage, take: Take) -> None:
    rows = [line(A), line(B, capacity="0.5"), line(C, deleted="1")]
    take(*rows)
    before = journal.head(ws)
    assert counts(stage(*rows)) == (0, 0, 0, 3, 0, 0)
    assert take(*rows) == 0
    assert journal.head(ws) == before


def test_other_spellings_of_the_same_are_unchanged(stage: Stage, take: Take) -> None:
    take(line(A))
    assert counts(stage(line(A, capacity="012.50", name=" 村口 "))) == (0, 0, 0, 1, 0, 0)


def test_changes_are_told_field_by_field(ws: Workspace, well: RegisterSchema, stage: Stage, take: Take) -> None:
    take(line(A), line(B))
    staged = stage(line(A, revision="2", households="81", keeper=""), line(B))
    assert counts(staged) == (0, 1, 0, 1, 0, 0)
    changes = list(register_staging.differences(staged))
    assert [(c.row.row, c.unit, c.column.name, c.before, c.after) for c in changes] == [
        (A, VILLAGE, "households", Decimal(80), Decimal(81)),
        (A, VILLAGE, "keeper", "张三", None),
    ]
    assert take(line(A, revision="2", households="81", keeper=""), line(B)) == 1
    row = registers.get(ws, well, A)
    assert row is not None
    assert (row.revision, row.fields["households"]) == (2, Decimal(81))


def test_an_older_revision_never_overwrites(ws: Workspace, well: RegisterSchema, stage: Stage, take: Take) -> None:
    take(line(A, revision="3"))
    old = line(A, revision="2", name="旧名")
    assert counts(stage(old)) == (0, 0, 0, 0, 1, 0)
    assert take(old) == 0
    same_number = line(A, revision="3", name="新名")
    assert counts(stage(same_number)) == (0, 1, 0, 0, 0, 0)


def test_a_change_made_here_after_staging_is_not_overwritten(
    ws: Workspace, well: RegisterSchema, stage: Stage, take: Take
) -> None:
    take(line(A))
    staged = stage(line(A, revision="2", name="来的"))
    with ws.transaction("台账"):
        registers.update(ws, well, A, {"name": "这里一"})
        registers.update(ws, well, A, {"name": "这里二"})
    with ws.transaction("接收"):
        assert register_staging.apply_staged(ws, staged) == 0
    row = registers.get(ws, well, A)
    assert row is not None
    assert row.fields["name"] == "这里二"


def test_rows_that_no_longer_come_are_marked_as_deleted(
    ws: Workspace, well: RegisterSchema, stage: Stage, take: Take
) -> None:
    take(line(A), line(B), line(C, deleted="1"))
    staged = stage(line(A))
    assert counts(staged) == (0, 0, 1, 1, 0, 0)
    with ws.transaction("接收"):
        assert register_staging.apply_staged(ws, staged, remove=False) == 0
    assert take(line(A)) == 1
    gone = registers.get(ws, well, B)
    assert gone is not None
    assert (gone.deleted, gone.revision) == (True, 1)
    assert counts(stage(line(A), line(B))) == (0, 1, 0, 1, 0, 0)


def test_only_rows_of_the_senders_units_are_looked_at(ws: Workspace, well: RegisterSchema, take: Take) -> None:
    take(line(A), line(B, unit=OTHER))
    staged = register_staging.stage(ws, well, HEADER, joined(line(A)), [VILLAGE])
    assert counts(staged) == (0, 0, 0, 1, 0, 0)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"id": "1"}, "行编号不对"),
        ({"id": A.upper()}, "行编号不对"),
        ({"unit": FOREIGN}, "不是该单位填报的村、社区"),
        ({"unit": ""}, "不是该单位填报的村、社区"),
        ({"deleted": "yes"}, "删除标记不对"),
        ({"deleted": ""}, "删除标记不对"),
        ({"revision": "0"}, "修改次数不对"),
        ({"revision": "9999999999"}, "修改次数不对"),
        ({"revision": "１"}, "修改次数不对"),
        ({"name": "水" * 61}, "“名称”过长，最多60个字"),
        ({"name": "水\x1e站"}, "“名称”里有看不见的字符"),
        ({"name": "水\udcff站"}, "“名称”里有看不见的字符"),
        ({"kind": "分散"}, "“类别”不是可选的内容"),
        ({"standard": "true"}, "“是否标准化”不是可选的内容"),
        ({"capacity": "12.55"}, "“设计供水能力”最多1位小数"),
        ({"capacity": "十二"}, "“设计供水能力”不是数字"),
        ({"capacity": "1e3"}, "“设计供水能力”不是数字"),
        ({"capacity": "9999.6"}, "“设计供水能力”应在0和9999.5之间"),
        ({"households": "80.5"}, "“供水户数”应是整数"),
        ({"households": "999999999999999999"}, "“供水户数”不是数字"),
        ({"households": "-1"}, "“供水户数”应在0和5000之间"),
        ({"built_on": "2024-02-30"}, "“建成日期”不是日期"),
        ({"built_on": "20240208"}, "“建成日期”不是日期"),
        ({"built_on": "1979-12-31"}, "“建成日期”应在1980-01-01和2099-12-31之间"),
    ],
)
def test_a_bad_row_is_set_apart_and_stops_nothing_else(
    ws: Workspace, well: RegisterSchema, stage: Stage, take: Take, change: dict[str, str], cause: str
) -> None:
    bad = line(A, **change)
    staged = stage(line(B), bad, line(C))
    assert counts(staged) == (2, 0, 0, 0, 0, 1)
    assert (staged.bad[0].line, staged.bad[0].cells, staged.bad[0].cause) == (2, tuple(bad), cause)
    assert take(line(B), bad, line(C)) == 2
    assert registers.get(ws, well, A) is None


def test_rows_of_another_width_and_repeated_ids_are_bad(stage: Stage) -> None:
    parted = line(B, name="水\x1f站")
    staged = stage(line(A), [*line(B), ""], [], line(A, name="再来"), line(C), parted)
    assert counts(staged) == (2, 0, 0, 0, 0, 4)
    assert [(bad.line, bad.cause) for bad in staged.bad] == [
        (2, "有14格，应有13格"),
        (3, "有1格，应有13格"),
        (4, "行编号与另一行相同"),
        (6, "有14格，应有13格"),
    ]


@pytest.mark.parametrize("order", [1, -1])
def test_a_row_that_comes_as_it_is_held_and_once_more_changed_stays_as_it_is(
    stage: Stage, take: Take, order: int
) -> None:
    take(line(A), line(B))
    staged = stage(*[line(A), line(A, name="再来", revision="2")][::order], line(B))
    assert counts(staged) == (0, 0, 0, 2, 0, 1)
    assert (staged.bad[0].cells[4], staged.bad[0].cause) == ("再来", "行编号与另一行相同")


def test_a_row_that_comes_twice_as_it_is_held_counts_once(stage: Stage, take: Take) -> None:
    take(line(A), line(B))
    staged = stage(line(A), line(B), line(A))
    assert counts(staged) == (0, 0, 0, 2, 0, 1)
    assert (staged.bad[0].line, staged.bad[0].cause) == (3, "行编号与另一行相同")


def test_a_bad_row_is_not_taken_for_a_deletion(stage: Stage, take: Take) -> None:
    take(line(A), line(B))
    assert counts(stage(line(A), line(B, kind="分散", revision="2"))) == (0, 0, 0, 1, 0, 1)
    assert counts(stage(line(A), line("?", name="原来是B"))) == (0, 0, 0, 1, 0, 1)


def test_an_id_of_a_unit_that_is_not_the_senders_is_not_taken_over(
    ws: Workspace, well: RegisterSchema, stage: Stage
) -> None:
    with ws.transaction("接收"):
        theirs = register_staging.stage(ws, well, HEADER, joined(line(A, unit=FOREIGN)), [FOREIGN])
        register_staging.apply_staged(ws, theirs)
    staged = stage(line(A, revision="9"), line(B))
    assert counts(staged) == (1, 0, 0, 0, 0, 1)
    assert staged.bad[0].cause == "行编号已属于别的单位"


def test_a_row_may_move_between_the_senders_units(
    ws: Workspace, well: RegisterSchema, stage: Stage, take: Take
) -> None:
    take(line(A))
    assert take(line(A, unit=OTHER, revision="2")) == 1
    row = registers.get(ws, well, A)
    assert row is not None
    assert row.unit == OTHER


def test_a_row_without_a_required_field_is_taken_and_left_to_the_rules(stage: Stage) -> None:
    assert counts(stage(line(A, name=""))) == (1, 0, 0, 0, 0, 0)


def test_a_field_that_does_not_come_keeps_what_it_holds(ws: Workspace, well: RegisterSchema, take: Take) -> None:
    take(line(A))
    at = HEADER.index("keeper")
    older = [*HEADER[:at], *HEADER[at + 1 :]]
    rows = [[*row[:at], *row[at + 1 :]] for row in (line(A, revision="2", name="新名"), line(B))]
    staged = register_staging.stage(ws, well, older, joined(*rows), UNITS)
    assert counts(staged) == (1, 1, 0, 0, 0, 0)
    with ws.transaction("接收"):
        register_staging.apply_staged(ws, staged)
    kept = {row.id: row.fields["keeper"] for row in registers.read(ws, well)}
    assert kept == {A: "张三", B: None}


def test_the_order_of_columns_is_free(ws: Workspace, well: RegisterSchema, take: Take) -> None:
    take(line(A))
    staged = register_staging.stage(ws, well, HEADER[::-1], joined(line(A)[::-1], line(B)[::-1]), UNITS)
    assert counts(staged) == (1, 0, 0, 1, 0, 0)


@pytest.mark.parametrize("header", [HEADER[1:], (*HEADER, "name"), (*HEADER, "x"), ()])
def test_a_header_that_does_not_fit_is_refused(ws: Workspace, well: RegisterSchema, header: tuple[str, ...]) -> None:
    with pytest.raises(UserError) as caught:
        register_staging.stage(ws, well, header, [], UNITS)
    assert caught.value.code == "register.header"


def test_causes_and_reprs_tell_nothing_personal(stage: Stage) -> None:
    staged = stage(line(A, keeper="沈阿大" * 20), line(B, keeper="沈阿大"))
    assert "沈阿大" not in repr(staged)
    assert "沈阿大" not in staged.bad[0].cause


def test_a_hostile_cell_is_only_text(ws: Workspace, well: RegisterSchema, take: Take) -> None:
    hostile = "'); DROP TABLE reg_well; --"
    assert take(line(A, name=hostile), line(B, id=hostile)) == 1
    assert registers.read(ws, well)[0].fields["name"] == hostile


def test_staging_only_reads(ws: Workspace, well: RegisterSchema, take: Take) -> None:
    take(line(A))
    with ws.reader() as reader:
        staged = register_staging.stage(reader, well, HEADER, joined(line(A, revision="2"), line(B)), UNITS)
    assert counts(staged) == (1, 1, 0, 0, 0, 0)


def test_an_import_of_rows_can_be_undone(ws: Workspace, well: RegisterSchema, take: Take) -> None:
    take(line(A), line(B))
    before = registers.export(ws, well, None)
    take(line(A, revision="2", name="新名"), line(C))
    imported = journal.links(ws)[0].link
    with ws.transaction("撤销"):
        journal.undo(ws, imported)
    assert registers.export(ws, well, None) == before


TEXTS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=20)
ROWS = st.dictionaries(
    st.uuids().map(str),
    st.fixed_dictionaries(
        {
            "unit": st.sampled_from(UNITS),
            "deleted": st.sampled_from(["0", "1"]),
            "revision": st.integers(1, 10**9).map(str),
            "name": TEXTS.map(str.strip),
            "kind": st.sampled_from(["集中", "单户", ""]),
            "capacity": st.integers(0, 99_995).map(lambda number: f"{number // 10}.{number % 10}") | st.just(""),
            "households": st.integers(0, 5000).map(str) | st.just(""),
            "built_on": st.dates(dt.date(1980, 1, 1), dt.date(2099, 12, 31)).map(str) | st.just(""),
            "standard": st.sampled_from(["yes", "no", ""]),
        }
    ),
    max_size=6,
)


@given(ROWS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_taken_is_exported_again_to_the_letter(
    ws: Workspace, well: RegisterSchema, stage: Stage, take: Take, rows: dict[str, dict[str, str]]
) -> None:
    with ws.transaction("清空"):
        ws.db.conn.execute("DELETE FROM reg_well")
    lines = [line(row_id, **cells) for row_id, cells in rows.items()]
    assert take(*lines) == len(lines)
    assert sorted(registers.export(ws, well, UNITS)[1]) == sorted(map(tuple, lines))
    assert counts(stage(*lines)) == (0, 0, 0, len(lines), 0, 0)


def test_a_bound_that_changes_makes_no_difference_to_what_is_held(
    ws: Workspace, well: RegisterSchema, take: Take
) -> None:
    """A row that comes word for word as it is held is not judged again; the rules tell that it is out of bounds."""
    take(line(A))
    narrower = replace(
        well, fields=tuple(replace(f, maximum=Decimal(10)) if f.name == "capacity" else f for f in well.fields)
    )
    assert counts(register_staging.stage(ws, narrower, HEADER, joined(line(A)), UNITS)) == (0, 0, 0, 1, 0, 0)
    assert counts(register_staging.stage(ws, narrower, HEADER, joined(line(A, revision="2")), UNITS)) == (
        0,
        0,
        0,
        0,
        0,
        1,
    )
