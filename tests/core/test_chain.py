"""Every row of the table of arriving packages (docs/package-format.md, section 8)."""

from dataclasses import dataclass, replace

import pytest

from xzdesk.core.chain import (
    SEQUENCE_GAP,
    Action,
    Arrival,
    Here,
    KeyStatus,
    Outcome,
    Precedence,
    Signer,
    Verdict,
    judge,
    judge_revision,
)

DISTRICT, TOWN, OTHER = "330411000000", "330411103000", "330411104000"
OURS, OURS_BEFORE = "aa" * 16, "bb" * 16
FIFTH, SIXTH = "05" * 32, "06" * 32


@dataclass(frozen=True)
class Head:
    sequence: int
    id: str


HEAD = Head(5, FIFTH)
NEXT = Arrival(
    id=SIXTH,
    kind="submission",
    sender=TOWN,
    epoch=1,
    receiver=DISTRICT,
    receiver_key=OURS,
    sequence=6,
    previous=FIFTH,
    task="ledger",
    catalogue_digest="cc" * 32,
)
SIGNER = Signer(KeyStatus.TRUSTED, TOWN, 1, frozenset({"submission", "enrolment"}))
HERE = Here(DISTRICT, frozenset({OURS, OURS_BEFORE}), {"ledger": frozenset({"cc" * 32})})


def verdict(
    arrival: Arrival = NEXT,
    signer: Signer = SIGNER,
    here: Here = HERE,
    *,
    known: bool = False,
    head: Head | None = HEAD,
    number_taken: bool = True,
) -> Verdict:
    return judge(arrival, signer, here, known=known, head=head, number_taken=number_taken)


def first(**changes: object) -> Arrival:
    return replace(NEXT, **({"sequence": 1, "previous": ""} | changes))  # type: ignore[arg-type]


def test_the_next_package_is_taken() -> None:
    found = verdict()
    assert (found.outcome, found.action, found.missing) == (Outcome.NORMAL, Action.TAKE, None)
    assert found.code == "chain.normal"


def test_the_first_package_is_taken() -> None:
    assert verdict(first(), head=None).outcome is Outcome.NORMAL


def test_a_known_package_changes_nothing_and_gets_its_receipt_again() -> None:
    found = verdict(known=True)
    assert (found.outcome, found.action) == (Outcome.KNOWN, Action.REPEAT)


def test_a_known_package_stays_known_after_its_key_was_revoked() -> None:
    assert verdict(signer=replace(SIGNER, status=KeyStatus.REVOKED), known=True).action is Action.REPEAT


def test_a_gap_is_taken_and_shown() -> None:
    found = verdict(replace(NEXT, sequence=9, previous="08" * 32))
    assert (found.outcome, found.action, found.missing) == (Outcome.GAP, Action.TAKE, (6, 8))
    assert "第 6 至 8 包未收到" in found.message


def test_a_gap_of_one_names_the_one() -> None:
    found = verdict(replace(NEXT, sequence=7, previous=SIXTH))
    assert found.missing == (6, 6)
    assert "第 6 包未收到" in found.message


def test_a_gap_before_the_first_that_arrives_is_taken_and_shown() -> None:
    assert verdict(replace(NEXT, sequence=3), head=None).missing == (1, 2)


def test_the_largest_gap_is_taken() -> None:
    found = verdict(replace(NEXT, sequence=5 + SEQUENCE_GAP + 1))
    assert (found.outcome, found.missing) == (Outcome.GAP, (6, 5 + SEQUENCE_GAP))
    assert SEQUENCE_GAP == 1000


def test_a_larger_jump_is_refused() -> None:
    found = verdict(replace(NEXT, sequence=5 + SEQUENCE_GAP + 2))
    assert (found.outcome, found.action) == (Outcome.LEAP, Action.REFUSE)


def test_a_larger_jump_is_refused_before_its_key_is_compared() -> None:
    """Otherwise anybody could fill the quarantine with numbers that leave no room for real ones."""
    signer = replace(SIGNER, status=KeyStatus.PENDING)
    assert verdict(replace(NEXT, sequence=10**9), signer).outcome is Outcome.LEAP


def test_the_same_number_with_another_id_is_a_fork() -> None:
    found = verdict(replace(NEXT, sequence=5, previous="04" * 32))
    assert (found.outcome, found.action) == (Outcome.FORK, Action.QUARANTINE)
    assert "备份" in found.hint
    assert "两台电脑" in found.hint


def test_a_lower_number_with_another_id_is_a_fork() -> None:
    assert verdict(replace(NEXT, sequence=2, previous="01" * 32)).outcome is Outcome.FORK


def test_the_first_number_again_with_another_id_is_a_fork() -> None:
    assert verdict(first()).outcome is Outcome.FORK


def test_the_next_number_after_another_package_is_a_fork() -> None:
    found = verdict(replace(NEXT, previous="55" * 32))
    assert (found.outcome, found.action) == (Outcome.FORK, Action.QUARANTINE)


def test_a_missing_package_that_comes_late_waits_under_its_own_name() -> None:
    found = verdict(replace(NEXT, sequence=4, previous="03" * 32), number_taken=False)
    assert (found.outcome, found.action) == (Outcome.LATE, Action.QUARANTINE)


def test_a_lower_revision_never_overwrites() -> None:
    assert judge_revision(7, 6) is Precedence.OLDER


def test_a_higher_or_first_revision_overwrites_and_the_same_is_the_same() -> None:
    assert judge_revision(7, 8) is Precedence.NEWER
    assert judge_revision(None, 1) is Precedence.NEWER
    assert judge_revision(7, 7) is Precedence.SAME


def test_an_unknown_key_is_refused() -> None:
    found = verdict(signer=Signer(KeyStatus.UNKNOWN))
    assert (found.outcome, found.action) == (Outcome.KEY_UNKNOWN, Action.REFUSE)


def test_a_key_that_was_not_compared_waits() -> None:
    found = verdict(signer=replace(SIGNER, status=KeyStatus.PENDING))
    assert (found.outcome, found.action) == (Outcome.KEY_PENDING, Action.QUARANTINE)


def test_a_replaced_key_waits() -> None:
    found = verdict(signer=replace(SIGNER, status=KeyStatus.REPLACED))
    assert (found.outcome, found.action) == (Outcome.KEY_REPLACED, Action.QUARANTINE)


def test_a_revoked_key_is_refused() -> None:
    found = verdict(signer=replace(SIGNER, status=KeyStatus.REVOKED))
    assert (found.outcome, found.action) == (Outcome.KEY_REVOKED, Action.REFUSE)


@pytest.mark.parametrize("change", [{"sender": OTHER}, {"epoch": 2}])
def test_a_sender_that_is_not_the_signer_is_refused(change: dict[str, object]) -> None:
    found = verdict(replace(NEXT, **change))  # type: ignore[arg-type]
    assert (found.outcome, found.action) == (Outcome.WRONG_SENDER, Action.REFUSE)


def test_another_receiver_is_refused() -> None:
    found = verdict(replace(NEXT, receiver=OTHER))
    assert (found.outcome, found.action) == (Outcome.WRONG_RECEIVER, Action.REFUSE)


def test_a_receiver_key_that_is_not_ours_waits() -> None:
    found = verdict(replace(NEXT, receiver_key="ff" * 16))
    assert (found.outcome, found.action) == (Outcome.WRONG_RECEIVER_KEY, Action.QUARANTINE)


def test_an_older_key_of_ours_is_good_enough() -> None:
    assert verdict(replace(NEXT, receiver_key=OURS_BEFORE)).outcome is Outcome.NORMAL


@pytest.mark.parametrize("change", [{"task": "another"}, {"catalogue_digest": "dd" * 32}, {"task": ""}])
def test_another_task_waits(change: dict[str, str]) -> None:
    found = verdict(replace(NEXT, **change))
    assert (found.outcome, found.action) == (Outcome.WRONG_TASK, Action.QUARANTINE)


def test_what_answers_no_task_and_a_place_without_tasks_do_not_ask() -> None:
    receipt = replace(NEXT, kind="receipt", task="", catalogue_digest="")
    assert verdict(receipt, replace(SIGNER, kinds={"receipt"})).outcome is Outcome.NORMAL
    assert verdict(replace(NEXT, task="another"), here=replace(HERE, tasks=None)).outcome is Outcome.NORMAL


def test_a_kind_that_the_sender_may_not_send_is_refused() -> None:
    """A village cannot give its town a task."""
    found = verdict(replace(NEXT, kind="task"))
    assert (found.outcome, found.action) == (Outcome.WRONG_KIND, Action.REFUSE)


@pytest.mark.parametrize(
    "arrival",
    [
        replace(NEXT, sequence=1, previous=FIFTH),
        replace(NEXT, sequence=2, previous=""),
        replace(NEXT, sequence=0, previous=""),
        replace(NEXT, kind="enrolment"),
    ],
    ids=["first with a predecessor", "second without", "number 0", "numbered enrolment"],
)
def test_a_number_at_odds_with_its_predecessor_is_refused(arrival: Arrival) -> None:
    found = verdict(arrival)
    assert (found.outcome, found.action) == (Outcome.INCONSISTENT, Action.REFUSE)


def test_an_enrolment_stands_outside_the_chain() -> None:
    assert verdict(first(kind="enrolment")).outcome is Outcome.NORMAL


def test_an_invitation_needs_no_key_of_ours() -> None:
    signer = replace(SIGNER, kinds=frozenset({"invitation"}))
    assert verdict(first(kind="invitation", receiver_key=""), signer).outcome is Outcome.NORMAL


def test_every_verdict_has_words_of_its_own_and_a_code() -> None:
    found = {
        each.outcome: each
        for each in [
            verdict(),
            verdict(known=True),
            verdict(replace(NEXT, sequence=9)),
            verdict(replace(NEXT, sequence=5000)),
            verdict(replace(NEXT, sequence=5)),
            verdict(replace(NEXT, sequence=5), number_taken=False),
            verdict(replace(NEXT, sequence=1)),
            *(verdict(signer=replace(SIGNER, status=status)) for status in KeyStatus),
            verdict(replace(NEXT, sender=OTHER)),
            verdict(replace(NEXT, kind="task")),
            verdict(replace(NEXT, receiver=OTHER)),
            verdict(replace(NEXT, receiver_key="")),
            verdict(replace(NEXT, task="another")),
        ]
    }
    assert set(found) == set(Outcome)
    assert len({each.message for each in found.values()}) == len(Outcome)
    for outcome, each in found.items():
        error = each.error()
        assert (error.code, error.message, error.hint) == (f"chain.{outcome}", each.message, each.hint)
        assert each.hint or each.action is Action.TAKE
