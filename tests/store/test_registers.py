"""Register rows one by one: what is stored, what is refused and in which words, what a catalogue may change."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xzdesk.core.errors import UserError
from xzdesk.core.model import Catalogue, FieldType, FieldValue, RegisterField, RegisterSchema
from xzdesk.store import journal, registers
from xzdesk.store.connect import Workspace

VILLAGE, OTHER = "990101101201", "990101101202"
WELL: dict[str, FieldValue] = {
    "name": "村口水站",
    "kind": "集中",
    "capacity": Decimal("12.5"),
    "households": Decimal(80),
    "built_on": dt.date(2024, 3, 8),
    "keeper": "张三",
    "standard": "yes",
    "state": "正常",
}


@pytest.fixture
def ws(office: Workspace, tiny: Catalogue) -> Workspace:
    registers.ensure_tables(office, tiny)
    return office


@pytest.fixture
def well(tiny: Catalogue) -> RegisterSchema:
    return tiny.registers["well"]


@pytest.fixture
def well_test(tiny: Catalogue) -> RegisterSchema:
    return tiny.registers["well_test"]


def refused(ws: Workspace, schema: RegisterSchema, fields: Mapping[str, FieldValue]) -> UserError:
    with pytest.raises(UserError) as caught, ws.transaction("台账"):
        registers.insert(ws, schema, VILLAGE, fields)
    assert registers.count(ws, schema, include_deleted=True) == 0
    return caught.value


def test_a_row_comes_back_as_it_was_entered(ws: Workspace, well: RegisterSchema) -> None:
    with ws.transaction("台账"):
        row = registers.insert(ws, well, VILLAGE, WELL)
    assert row.unit == VILLAGE
    assert row.fields == {**WELL, "old_number": None}
    assert (row.deleted, row.revision, len(row.id)) == (False, 1, 36)
    assert registers.get(ws, well, row.id) == row
    assert registers.read(ws, well) == [row]


def test_numbers_are_kept_as_scaled_integers(ws: Workspace, well: RegisterSchema) -> None:
    with ws.transaction("台账"):
        registers.insert(ws, well, VILLAGE, WELL)
    assert ws.db.conn.execute("SELECT capacity, households, built_on, standard FROM reg_well").fetchone() == (
        125,
        80,
        "2024-03-08",
        "yes",
    )


def test_texts_are_trimmed_and_blank_is_nothing(ws: Workspace, well: RegisterSchema) -> None:
    with ws.transaction("台账"):
        row = registers.insert(ws, well, VILLAGE, {**WELL, "name": "\u3000村口\t水站 ", "keeper": "  "})
    assert row.fields["name"] == "村口 水站"
    assert row.fields["keeper"] is None


@pytest.mark.parametrize(
    ("change", "code", "title"),
    [
        ({"name": None}, "register.required", "名称"),
        ({"name": " "}, "register.required", "名称"),
        ({"name": Decimal(3)}, "register.type", "名称"),
        ({"name": "水" * 61}, "register.length", "名称"),
        ({"name": "水\u202e站"}, "register.characters", "名称"),
        ({"name": "水\0站"}, "register.characters", "名称"),
        ({"kind": "分散"}, "register.choice", "类别"),
        ({"standard": "是"}, "register.choice", "是否标准化"),
        ({"capacity": "12.5"}, "register.type", "设计供水能力"),
        ({"capacity": Decimal("NaN")}, "register.type", "设计供水能力"),
        ({"capacity": Decimal("12.55")}, "register.decimals", "设计供水能力"),
        ({"capacity": Decimal("9999.6")}, "register.range", "设计供水能力"),
        ({"households": Decimal(-1)}, "register.range", "供水户数"),
        ({"households": Decimal("1.5")}, "register.decimals", "供水户数"),
        ({"households": Decimal(10) ** 15}, "register.too_large", "供水户数"),
        ({"households": Decimal("1e999")}, "register.too_large", "供水户数"),
        ({"built_on": "2024-03-08"}, "register.type", "建成日期"),
        ({"built_on": dt.date(1979, 12, 31)}, "register.range", "建成日期"),
    ],
)
def test_a_bad_field_is_refused_and_named(
    ws: Workspace, well: RegisterSchema, change: dict[str, FieldValue], code: str, title: str
) -> None:
    error = refused(ws, well, {**WELL, **change})
    assert error.code == code
    assert f"“{title}”" in error.message
    assert error.hint


def test_a_refusal_quotes_nothing_personal(ws: Workspace, well: RegisterSchema) -> None:
    error = refused(ws, well, {**WELL, "keeper": "沈阿大" * 20})
    assert error.code == "register.length"
    assert "沈阿大" not in str(error)


def test_an_unknown_field_is_refused(ws: Workspace, well: RegisterSchema) -> None:
    error = refused(ws, well, {**WELL, "x] FROM reg_well; --": "1"})
    assert error.code == "register.unknown_field"
    assert "旧编号" not in error.hint


def test_an_update_changes_only_what_is_given(ws: Workspace, well: RegisterSchema) -> None:
    with ws.transaction("台账"):
        row = registers.insert(ws, well, VILLAGE, WELL)
        changed = registers.update(ws, well, row.id, {"households": Decimal(81), "keeper": None})
    assert changed.revision == 2
    assert changed.fields == {**row.fields, "households": Decimal(81), "keeper": None}
    with pytest.raises(UserError) as caught, ws.transaction("台账"):
        registers.update(ws, well, row.id, {"name": None})
    assert caught.value.code == "register.required"


def test_an_update_without_a_difference_writes_nothing(ws: Workspace, well: RegisterSchema) -> None:
    with ws.transaction("台账"):
        row = registers.insert(ws, well, VILLAGE, WELL)
    before = journal.head(ws)
    with ws.transaction("台账"):
        assert registers.update(ws, well, row.id, {"capacity": Decimal("12.50"), "name": "村口水站 "}) == row
    assert journal.head(ws) == before


def test_a_field_that_became_required_does_not_stop_other_changes(ws: Workspace, well: RegisterSchema) -> None:
    fields = tuple(replace(f, required=True) if f.name == "keeper" else f for f in well.fields)
    stricter = replace(well, fields=fields)
    with ws.transaction("台账"):
        row = registers.insert(ws, well, VILLAGE, {**WELL, "keeper": None})
        assert registers.update(ws, stricter, row.id, {"households": Decimal(5)}).revision == 2


def test_a_deleted_row_stays_and_can_come_back(ws: Workspace, well: RegisterSchema) -> None:
    with ws.transaction("台账"):
        row = registers.insert(ws, well, VILLAGE, WELL)
        gone = registers.delete(ws, well, row.id)
    assert (gone.deleted, gone.revision) == (True, 2)
    assert registers.read(ws, well) == []
    assert registers.read(ws, well, include_deleted=True) == [gone]
    for attempt in (registers.delete, lambda *of: registers.update(*of, {"households": Decimal(1)})):
        with pytest.raises(UserError) as caught, ws.transaction("台账"):
            attempt(ws, well, row.id)
        assert caught.value.code == "register.deleted"
    with pytest.raises(UserError) as caught, ws.transaction("台账"):
        registers.insert(ws, well, VILLAGE, WELL, id=row.id)
    assert caught.value.code == "register.exists"
    with ws.transaction("台账"):
        back = registers.restore(ws, well, row.id)
        assert registers.restore(ws, well, row.id) == back
    assert (back.deleted, back.revision) == (False, 3)


def test_unknown_rows_and_odd_ids_are_refused(ws: Workspace, well: RegisterSchema) -> None:
    nowhere = "00000000-0000-0000-0000-00000000000a"
    for attempt in (registers.delete, registers.restore, lambda *of: registers.update(*of, {})):
        with pytest.raises(UserError) as caught, ws.transaction("台账"):
            attempt(ws, well, nowhere)
        assert caught.value.code == "register.unknown_row"
    with pytest.raises(UserError) as caught, ws.transaction("台账"):
        registers.insert(ws, well, VILLAGE, WELL, id="1")
    assert caught.value.code == "register.id"
    with ws.transaction("台账"):
        assert registers.insert(ws, well, VILLAGE, WELL, id=nowhere).id == nowhere
    assert registers.get(ws, well, "1") is None


def test_a_reference_must_exist_and_be_of_the_same_unit(
    ws: Workspace, well: RegisterSchema, well_test: RegisterSchema
) -> None:
    with ws.transaction("台账"):
        own = registers.insert(ws, well, VILLAGE, WELL)
        foreign = registers.insert(ws, well, OTHER, WELL)
        gone = registers.delete(ws, well, registers.insert(ws, well, VILLAGE, WELL).id)
        test: dict[str, FieldValue] = {"sampled_on": dt.date(2024, 5, 1), "passed": "yes", "well": own.id}
        assert registers.insert(ws, well_test, VILLAGE, test).fields["well"] == own.id
    for target in (foreign.id, gone.id, "00000000-0000-0000-0000-000000000001"):
        with pytest.raises(UserError) as caught, ws.transaction("台账"):
            registers.insert(ws, well_test, VILLAGE, {**test, "well": target})
        assert caught.value.code == "register.reference"
        assert "“供水点”" in caught.value.message


def test_units_and_counts(ws: Workspace, well: RegisterSchema) -> None:
    with ws.transaction("台账"):
        first = registers.insert(ws, well, VILLAGE, WELL)
        second = registers.insert(ws, well, OTHER, WELL)
        registers.delete(ws, well, registers.insert(ws, well, OTHER, WELL).id)
    assert registers.read(ws, well, units=[VILLAGE]) == [first]
    assert registers.read(ws, well, units=[OTHER]) == [second]
    assert registers.read(ws, well, units=[]) == []
    assert registers.count(ws, well) == 2
    assert registers.count(ws, well, units=[OTHER]) == 1
    assert registers.count(ws, well, units=[OTHER], include_deleted=True) == 2


def test_writing_outside_a_transaction_is_a_fault(ws: Workspace, well: RegisterSchema) -> None:
    with pytest.raises(RuntimeError):
        registers.insert(ws, well, VILLAGE, WELL)


def test_every_change_is_in_the_journal_and_can_be_undone(ws: Workspace, well: RegisterSchema) -> None:
    with ws.transaction("台账"):
        row = registers.insert(ws, well, VILLAGE, WELL)
    with ws.transaction("台账"):
        registers.update(ws, well, row.id, {"households": Decimal(81)})
    link = journal.links(ws)[0]
    with ws.transaction("撤销"):
        journal.undo(ws, link.link)
    assert registers.get(ws, well, row.id) == row
    journal.verify(ws)


def test_hostile_text_is_only_text(ws: Workspace, well: RegisterSchema) -> None:
    hostile = "'); DROP TABLE reg_well; --"
    with ws.transaction("台账"):
        registers.insert(ws, well, VILLAGE, {**WELL, "name": hostile})
    assert registers.read(ws, well)[0].fields["name"] == hostile
    assert registers.read(ws, well, units=[hostile]) == []


def test_a_row_is_named_by_its_label(ws: Workspace, well: RegisterSchema) -> None:
    with ws.transaction("台账"):
        row = registers.insert(ws, well, VILLAGE, WELL)
    assert registers.row_label(well, row) == "村口水站"
    assert registers.row_label(replace(well, label=()), row) == row.id[:8]


# --- what a package carries -------------------------------------------------------------------------------------------


def test_export_writes_every_row_as_canonical_texts(ws: Workspace, well: RegisterSchema) -> None:
    with ws.transaction("台账"):
        first = registers.insert(ws, well, VILLAGE, WELL, id="00000000-0000-0000-0000-00000000000b")
        only = {"name": "后浜", "kind": "单户", "state": "停用", "built_on": dt.date(1990, 1, 1)}
        second = registers.insert(ws, well, OTHER, only, id="00000000-0000-0000-0000-00000000000a")
        registers.delete(ws, well, first.id)
    header, rows = registers.export(ws, well, [VILLAGE, OTHER])
    assert header == (
        *("id", "unit", "deleted", "revision"),
        *("name", "kind", "capacity", "households", "built_on", "keeper", "standard", "state", "old_number"),
    )
    assert rows == [
        (second.id, OTHER, "0", "1", "后浜", "单户", "", "", "1990-01-01", "", "", "停用", ""),
        (first.id, VILLAGE, "1", "2", "村口水站", "集中", "12.5", "80", "2024-03-08", "张三", "yes", "正常", ""),
    ]
    assert registers.export(ws, well, [VILLAGE])[1] == rows[1:]


@given(st.lists(st.integers(-(10**15) + 1, 10**15 - 1), max_size=5))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_exported_numbers_are_exact(office: Workspace, numbers: list[int]) -> None:
    schema = RegisterSchema("sum", "金额", (RegisterField("amount", "金额", FieldType.DECIMAL, decimals=2),))
    registers.ensure_tables(office, _only(schema))
    with office.transaction("台账"):
        office.db.conn.execute("DELETE FROM reg_sum")
        for number in numbers:
            registers.insert(office, schema, VILLAGE, {"amount": Decimal(number).scaleb(-2)})
    texts = sorted(row[4] for row in registers.export(office, schema, None)[1])
    assert texts == sorted(f"{Decimal(number).scaleb(-2):.2f}" for number in numbers)


# --- tables and catalogues --------------------------------------------------------------------------------------------


class _Registers:
    """As much of a catalogue as the tables ask for."""

    def __init__(self, *schemas: RegisterSchema) -> None:
        self.registers = {schema.code: schema for schema in schemas}


def _only(*schemas: RegisterSchema) -> Catalogue:
    return _Registers(*schemas)  # type: ignore[return-value]


def test_a_new_field_adds_a_column_and_a_vanished_one_stays(ws: Workspace, well: RegisterSchema) -> None:
    with ws.transaction("台账"):
        row = registers.insert(ws, well, VILLAGE, WELL)
    field = RegisterField("depth", "井深", FieldType.DECIMAL, decimals=1)
    changed = replace(well, fields=(*(f for f in well.fields if f.name != "keeper"), field))
    registers.ensure_tables(ws, _only(changed))
    with ws.transaction("台账"):
        now = registers.update(ws, changed, row.id, {"depth": Decimal("30.5")})
    assert now.fields["depth"] == Decimal("30.5")
    assert "keeper" not in now.fields
    assert ws.db.conn.execute("SELECT keeper, depth FROM reg_well").fetchone() == ("张三", 305)
    link = journal.links(ws)[0]
    assert link.entries == 1
    with ws.transaction("撤销"):
        journal.undo(ws, link.link)
    assert ws.db.conn.execute("SELECT keeper, depth FROM reg_well").fetchone() == ("张三", None)


def test_nothing_is_done_where_nothing_is_lacking(ws: Workspace, tiny: Catalogue) -> None:
    version = ws.db.conn.execute("PRAGMA schema_version").fetchone()
    registers.ensure_tables(ws, tiny)
    assert ws.db.conn.execute("PRAGMA schema_version").fetchone() == version
    with ws.reader() as reader:
        registers.ensure_tables(reader, tiny)


@pytest.mark.parametrize(
    "change", [{"type": FieldType.STRING, "decimals": 0}, {"decimals": 2}, {"type": FieldType.INTEGER, "decimals": 0}]
)
def test_a_stored_field_never_changes_its_type(
    ws: Workspace, well: RegisterSchema, change: dict[str, FieldType | int]
) -> None:
    without = replace(well, fields=tuple(f for f in well.fields if f.name != "capacity"))
    registers.ensure_tables(ws, _only(without))
    fields = tuple(replace(f, **change) if f.name == "capacity" else f for f in well.fields)  # type: ignore[arg-type]
    with pytest.raises(UserError) as caught:
        registers.ensure_tables(ws, _only(replace(well, fields=fields)))
    assert caught.value.code == "register.field_changed"
    assert "“设计供水能力”" in caught.value.message


@pytest.mark.parametrize("name", ["unit", "id", "x] TEXT); DROP TABLE meta; --", "", "Name"])
def test_only_plain_names_become_columns(office: Workspace, name: str) -> None:
    schema = RegisterSchema("odd", "怪", (RegisterField(name, "怪", FieldType.STRING),))
    with pytest.raises(ValueError, match=r"name|called"):
        registers.ensure_tables(office, _only(schema))
    assert "reg_odd" not in office.db.table_names()
