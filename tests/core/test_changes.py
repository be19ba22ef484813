"""Three-way compare of cells and register rows, by its laws and by example."""

from collections.abc import Mapping
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from xzdesk.core.changes import ChangeKind, compare, compare_rows, kind_of
from xzdesk.core.model import NOT_APPLICABLE, NOT_STARTED, CellRef, DataValue, FieldValue, RegisterRow, Values
from xzdesk.core.periods import Period

MONTH = Period.parse("2026-10")
CELLS = st.builds(CellRef, st.sampled_from("ab"), st.sampled_from("xy"), st.sampled_from([MONTH, MONTH.shift(-1)]))
CONTENTS = st.sampled_from([DataValue.of(0), DataValue.of(1), DataValue.of("A"), NOT_APPLICABLE, NOT_STARTED])
VALUES = st.dictionaries(CELLS, CONTENTS, max_size=6)

FIELDS = st.dictionaries(st.sampled_from(["name", "kind"]), st.sampled_from([None, "A", "B", Decimal(1)]))
ROWS = st.dictionaries(
    st.sampled_from(["r1", "r2"]),
    st.builds(RegisterRow, st.just(""), st.sampled_from("ab"), FIELDS, st.booleans(), st.integers(1, 3)),
)


@given(VALUES)
def test_nothing_changed_when_all_sides_agree(values: Values) -> None:
    assert [(c.place, c.kind) for c in compare(values, values, values)] == [
        (place, ChangeKind.UNCHANGED) for place in sorted(values)
    ]


@given(VALUES, VALUES, VALUES)
def test_every_cell_is_judged_once_in_order_with_its_three_sides(base: Values, incoming: Values, mine: Values) -> None:
    changes = compare(base, incoming, mine)
    assert [change.place for change in changes] == sorted({*base, *incoming, *mine})
    for change in changes:
        sides = base.get(change.place), incoming.get(change.place), mine.get(change.place)
        assert (change.base, change.incoming, change.mine) == sides


@given(VALUES, VALUES, VALUES)
def test_a_conflict_is_two_different_moves_from_one_place(base: Values, incoming: Values, mine: Values) -> None:
    for change in compare(base, incoming, mine):
        moved_apart = change.incoming != change.base and change.mine != change.base and change.mine != change.incoming
        assert (change.kind is ChangeKind.CONFLICT) == moved_apart


@given(VALUES, VALUES)
def test_without_edits_here_the_kind_tells_what_came_in(base: Values, incoming: Values) -> None:
    for change in compare(base, incoming, base):
        expected = {
            (True, True): ChangeKind.UNCHANGED if change.base == change.incoming else ChangeKind.CHANGED,
            (False, True): ChangeKind.NEW,
            (True, False): ChangeKind.REMOVED,
        }
        assert change.kind is expected[change.base is not None, change.incoming is not None]


@given(VALUES, VALUES)
def test_an_edit_here_that_nobody_contradicts_is_left_alone(base: Values, mine: Values) -> None:
    assert {change.kind for change in compare(base, base, mine)} <= {ChangeKind.UNCHANGED}


@given(VALUES, VALUES)
def test_the_same_edit_on_both_sides_is_no_conflict(base: Values, both: Values) -> None:
    assert ChangeKind.CONFLICT not in {change.kind for change in compare(base, both, both)}


@given(VALUES, VALUES, VALUES)
def test_conflict_does_not_depend_on_who_came_in(base: Values, incoming: Values, mine: Values) -> None:
    def conflicts(one: Values, other: Values) -> set[CellRef]:
        return {c.place for c in compare(base, one, other) if c.kind is ChangeKind.CONFLICT}

    assert conflicts(incoming, mine) == conflicts(mine, incoming)


def test_zero_not_started_and_nothing_are_three_things() -> None:
    zero = DataValue.of(0)
    assert kind_of(zero, NOT_STARTED, zero) is ChangeKind.CHANGED
    assert kind_of(None, zero, None) is ChangeKind.NEW
    assert kind_of(zero, None, zero) is ChangeKind.REMOVED
    assert kind_of(NOT_STARTED, NOT_APPLICABLE, zero) is ChangeKind.CONFLICT
    assert kind_of(DataValue.of(Decimal("1.0")), DataValue.of(1), None) is ChangeKind.UNCHANGED


def row(unit: str = "a", deleted: bool = False, revision: int = 1, **fields: FieldValue) -> dict[str, RegisterRow]:
    return {"r": RegisterRow("r", unit, fields, deleted, revision)}


def kind(
    base: Mapping[str, RegisterRow], incoming: Mapping[str, RegisterRow], mine: Mapping[str, RegisterRow]
) -> ChangeKind:
    (change,) = compare_rows("facility", base, incoming, mine)
    return change.kind


def test_rows_by_example() -> None:
    old, new = row(name="A", kind="x"), row(name="B", kind="x", revision=2)
    assert kind(old, old, old) is ChangeKind.UNCHANGED
    assert kind({}, new, {}) is ChangeKind.NEW
    assert kind(old, {}, old) is ChangeKind.REMOVED
    assert kind(old, row(name="A", kind="x", deleted=True, revision=2), old) is ChangeKind.REMOVED
    assert kind(old, new, old) is ChangeKind.CHANGED
    assert kind(old, new, row(name="C", kind="x")) is ChangeKind.CONFLICT
    assert kind(old, new, row(name="A", kind="y")) is ChangeKind.CHANGED
    assert kind(old, new, row(deleted=True, name="A", kind="x")) is ChangeKind.CONFLICT
    assert kind(old, row(deleted=True), new) is ChangeKind.CONFLICT
    assert kind(old, row(unit="b", name="A", kind="x"), old) is ChangeKind.CHANGED
    assert kind(old, row(name="A", kind="x", revision=9), old) is ChangeKind.UNCHANGED


def test_a_field_new_to_the_schema_and_still_empty_is_no_change() -> None:
    assert kind(row(name="A"), row(name="A", grade=None), row(name="A")) is ChangeKind.UNCHANGED


def test_only_the_moved_fields_are_named() -> None:
    (change,) = compare_rows("facility", row(name="A", kind="x"), row(name="B", kind="x"), row(name="A", kind="y"))
    assert [(f.field, f.base, f.incoming, f.mine) for f in change.moved] == [("name", "A", "B", "A")]
    assert [f.field for f in change.fields] == ["kind", "name", "unit"]


@given(ROWS, ROWS, ROWS)
def test_a_row_moves_exactly_when_one_of_its_fields_does(
    base: dict[str, RegisterRow], incoming: dict[str, RegisterRow], mine: dict[str, RegisterRow]
) -> None:
    changes = compare_rows("facility", base, incoming, mine)
    assert [change.place.row for change in changes] == sorted({*base, *incoming, *mine})
    for change in changes:
        assert bool(change.moved) == (change.kind is not ChangeKind.UNCHANGED)


@given(ROWS)
def test_rows_compared_with_themselves_are_unchanged(rows: dict[str, RegisterRow]) -> None:
    assert {change.kind for change in compare_rows("facility", rows, rows, rows)} <= {ChangeKind.UNCHANGED}
