"""Three-way compare of cells, by its laws and by example."""

from hypothesis import given
from hypothesis import strategies as st

from xzdesk.core.changes import CellDifference, ChangeKind, differences, kind_of
from xzdesk.core.model import CellRef, CellState
from xzdesk.core.observations import Content, Observations
from xzdesk.core.periods import Period

MONTH = Period.parse("2026-10")
SCOPE = [MONTH, MONTH.shift(-1)]
CELLS = st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.sampled_from(SCOPE))
CONTENTS = st.sampled_from([0, 1, "A", CellState.NOT_APPLICABLE, CellState.NOT_STARTED])
STATES = st.dictionaries(CELLS, CONTENTS, max_size=6)
SIDE = st.one_of(st.none(), CONTENTS)
State = dict[tuple[str, str, Period], Content]


def observed(state: State) -> Observations:
    made = Observations()
    for (unit, element, period), content in state.items():
        made.put(element, unit, period, content)
    return made


@given(STATES)
def test_nothing_differs_from_itself(state: State) -> None:
    assert differences(observed(state), observed(state), SCOPE, ()) == []


@given(STATES, STATES)
def test_every_cell_that_differs_is_named_once_with_both_sides(incoming: State, held: State) -> None:
    found = differences(observed(incoming), observed(held), SCOPE, ())
    expected = {key for key in {*incoming, *held} if incoming.get(key) != held.get(key)}
    assert [(d.ref.unit, d.ref.element, d.ref.period) for d in found] == sorted(
        expected, key=lambda k: (k[1], k[0], k[2])
    )
    for difference in found:
        key = (difference.ref.unit, difference.ref.element, difference.ref.period)
        assert (difference.accepted, difference.incoming) == (held.get(key), incoming.get(key))


@given(STATES, STATES)
def test_without_edits_here_the_kind_tells_what_came_in(incoming: State, held: State) -> None:
    for difference in differences(observed(incoming), observed(held), SCOPE, ()):
        expected = {
            (True, True): ChangeKind.CHANGED,
            (False, True): ChangeKind.NEW,
            (True, False): ChangeKind.REMOVED,
        }
        assert difference.kind is expected[difference.accepted is not None, difference.incoming is not None]


@given(SIDE, SIDE, SIDE)
def test_a_conflict_is_two_different_moves_from_one_place(
    accepted: Content | None, incoming: Content | None, mine: Content | None
) -> None:
    difference = CellDifference(CellRef("a", "x", MONTH), accepted, incoming, mine, edited=True)
    moved_apart = incoming != accepted and mine != accepted and mine != incoming
    assert (difference.kind is ChangeKind.CONFLICT) == moved_apart


@given(SIDE, SIDE)
def test_an_edit_here_that_nobody_contradicts_is_left_alone(accepted: Content | None, mine: Content | None) -> None:
    assert kind_of(accepted, accepted, mine) is ChangeKind.UNCHANGED


def test_a_cell_outside_the_scope_is_never_removed_but_may_be_corrected() -> None:
    earlier = MONTH.shift(-12)
    held = observed({("a", "x", earlier): 1, ("a", "y", earlier): 1})
    found = differences(observed({("a", "x", earlier): 2}), held, SCOPE, ())
    assert found == [CellDifference(CellRef("a", "x", earlier), 1, 2)]


def test_a_unit_of_which_a_newer_state_is_held_is_passed_over() -> None:
    held = observed({("a", "x", MONTH): 1, ("b", "x", MONTH): 1})
    found = differences(observed({("a", "x", MONTH): 2, ("b", "x", MONTH): 2}), held, SCOPE, {"a"})
    assert [difference.ref.unit for difference in found] == ["b"]


def test_zero_not_started_and_nothing_are_three_things() -> None:
    zero, absent = 0, CellState.NOT_STARTED
    assert kind_of(None, zero, None) is ChangeKind.NEW
    assert kind_of(zero, absent, zero) is ChangeKind.CHANGED
    assert kind_of(absent, None, absent) is ChangeKind.REMOVED
