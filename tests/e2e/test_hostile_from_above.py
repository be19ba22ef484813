"""Tasks and receipts that should not be: from the wrong office, or from the right one with what is not its business.

Each case begins with a copy of a town that has handed in a month and has a village of its own below it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.anything import TEXTS, THINGS
from tests.e2e.liar import MONTH, Liar
from tests.e2e.state import check_whole, contents, copy_workspace, open_with_key
from tests.services.conftest import DISTRICT, TOWN, VILLAGE, Offices, fill, hand_in
from xzdesk.core import catalogue as catalogue_texts
from xzdesk.core.errors import UserError
from xzdesk.core.model import Catalogue, RowRef
from xzdesk.exchange import trust
from xzdesk.exchange.keys import KeyRecord
from xzdesk.exchange.manifest import BODY_NAMES, Kind
from xzdesk.exchange.parts import RETURNED, TARGETS, VALUES, Part, csv_part, json_part
from xzdesk.exchange.trust import Acknowledgement, ChainHead, ReceiptBody, Taken, TrustEntry, TrustList, TrustStatus
from xzdesk.services import check, outgoing, receive, record, returns, submit, task
from xzdesk.services.receive import Arrived, Status
from xzdesk.services.session import Session
from xzdesk.services.submit import Signature
from xzdesk.store import packages, partners, target_splits, verdicts
from xzdesk.store.connect import Role
from xzdesk.store.packages import Direction, PackageStatus

OTHER, OTHER_VILLAGE, SECOND_VILLAGE = "990101001", "990101001201", "990101101202"
REASON = "比公安年报少 12 户，请逐户核对后重报"
WELL = {"name": "一号井", "kind": "单户", "built_on": MONTH.first_day, "state": "正常"}
RETURN_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


@dataclass(frozen=True)
class Below:
    """A town as it stands before each lie, a village that has not begun, and who may lie to them."""

    town: Path
    key: bytes
    village: Path
    village_key: bytes
    district: Liar
    other: Liar
    """Another town, whose keys this one does not know."""
    from_below: Liar
    """The town's own village."""
    to_village: Liar
    """The town, to its village."""
    catalogue: Catalogue
    row: str
    submission: str
    """Id of the package that the town has handed in."""
    to_the_village: str
    """Id of a package that the town has sealed to its village."""
    trusted: dict[str, KeyRecord]
    """Keys of the district and of the village, as others name them."""


@pytest.fixture(scope="module")
def below(prepared: Offices, tiny: Catalogue) -> Below:
    district = prepared.district()
    town = prepared.below(district, TOWN, "镇")
    other = prepared.below(district, OTHER, "街道")
    fill(town, MONTH)
    row = record.record_row(town, "well", VILLAGE, WELL).rows[0].id
    village = prepared.below(town, VILLAGE, "村")
    hand_in(town, MONTH, prepared.stick, "镇复核")
    [submission] = packages.listing(town.workspace, direction=Direction.OUT, unit=DISTRICT)
    [issued] = task.issue(town, [village.office])
    in_the_name = Liar.of(other, DISTRICT)
    known = outgoing.partner_of(district, TOWN)
    trusted = {
        s.office.code: KeyRecord(s.office.code, k.key_id, k.epoch, 1, k.sign_public, (k.box_public,))
        for s in (district, village)
        for k in [outgoing.own_key(s)]
    }
    made = Below(
        town.workspace.path,
        town.workspace.data_key,
        village.workspace.path,
        village.workspace.data_key,
        Liar.of(district, TOWN),
        replace(in_the_name, receiver=known, recipients=known.box_publics, head=None),
        Liar.of(village, TOWN),
        replace(Liar.of(town, VILLAGE), head=None),
        tiny,
        row,
        submission.id,
        issued.id,
        trusted,
    )
    prepared.close()
    return made


@pytest.fixture
def town(below: Below, tmp_path: Path) -> Iterator[Session]:
    with open_with_key(copy_workspace(below.town, tmp_path), below.key, "镇填报") as session:
        yield session


@pytest.fixture
def village(below: Below, tmp_path: Path) -> Iterator[Session]:
    with open_with_key(copy_workspace(below.village, tmp_path), below.village_key, "村填报") as session:
        yield session


def everything(session: Session) -> tuple[object, ...]:
    """The contents, the machine's own facts, and what the open session believes."""
    meta = session.workspace.db.conn.execute("SELECT * FROM meta ORDER BY key").fetchall()
    return contents(session), meta, session.catalogue.digest, session.units


def works_on(session: Session) -> None:
    """What the office does next is what it would have done."""
    check_whole(session)
    check.check(session, MONTH)
    returns.standing(session)
    verdicts.listing(session.workspace)


# --- what may be said, and its lies -----------------------------------------------------------------------------------

Lie = Callable[[Below], bytes]


def receipt_body(**changes: Any) -> dict[str, Any]:
    return {**ReceiptBody(epoch=1).to_body(), **changes}


def returned(**changes: str) -> list[str]:
    honest = {
        "id": RETURN_ID, "unit": VILLAGE, "period": "2024-01", "place": "cell", "target": "households", "field": "",
        "reason": REASON, "status": "sent", "returned_at": "2024-02-01T00:00:00Z", "returned_by": "某某",
    }  # fmt: skip
    return [{**honest, **changes}[name] for name in RETURNED]


def receipt(*rows: list[str], parts: list[Part] | None = None, **body: Any) -> Lie:
    made = [csv_part("returned.csv", RETURNED, rows)] if parts is None else parts
    return lambda b: b.district.seal(Kind.RECEIPT, made, receipt_body(**body))


def task_of(change: Callable[[dict[str, str]], object] | None = None, *parts: Part, **body: Any) -> Lie:
    """A task with the catalogue as ``change`` leaves its texts."""

    def build(b: Below) -> bytes:
        files = dict(b.catalogue.files)
        if change is not None:
            change(files)
        return b.district.seal(Kind.TASK, [json_part("catalogue.json", json.dumps(files)), *parts], body)

    return build


def replaced(name: str, old: str, new: str) -> Callable[[dict[str, str]], object]:
    def change(files: dict[str, str]) -> None:
        assert old in files[name]
        files[name] = files[name].replace(old, new)
        of_version(4)(files)

    return change


def without_town(files: dict[str, str]) -> None:
    """A catalogue of the same district in which the town and its villages have other codes."""
    for name, text in files.items():
        files[name] = text.replace(TOWN, "990101109")
    of_version(4)(files)


def of_version(version: int, old: str = "", new: str = "") -> Callable[[dict[str, str]], object]:
    def change(files: dict[str, str]) -> None:
        text = files["catalogue.toml"].replace("version = 3", f"version = {version}")
        files["catalogue.toml"] = text.replace(old, new)

    return change


def listed(*entries: tuple[KeyRecord, TrustStatus], version: int = 9) -> dict[str, Any]:
    return TrustList(version, tuple(TrustEntry(*entry) for entry in entries)).to_body()


def conflicting(b: Below) -> bytes:
    """The village's key, named as one of the district's own."""
    stolen = replace(b.trusted[VILLAGE], unit=DISTRICT)
    body = receipt_body(**listed((stolen, TrustStatus.TRUSTED)))
    return b.district.seal(Kind.RECEIPT, [csv_part("returned.csv", RETURNED, [returned()])], body, trust_version=9)


def in_its_own_name(b: Below) -> bytes:
    """A receipt by another town that brings its keys along."""
    key = b.other.key
    keys = KeyRecord(OTHER, key.key_id, key.epoch, 1, key.sign_public, (key.box_public,))
    return b.other.seal(Kind.RECEIPT, [], receipt_body(**trust.keys_body(keys)))


REFUSED: dict[str, tuple[Lie, str]] = {
    "a receipt of another town": (lambda b: b.other.seal(Kind.RECEIPT, [], receipt_body()), "package.signer_unknown"),
    "a receipt of another town with its keys": (in_its_own_name, "chain.key_unknown"),
    "a receipt of another town in the district's name": (
        lambda b: replace(b.other, unit=DISTRICT).seal(Kind.RECEIPT, [], receipt_body()),
        "package.signer_unknown",
    ),
    "a task of another town": (lambda b: b.other.seal(Kind.TASK, [], {}), "package.signer_unknown"),
    "a task of the own village": (lambda b: b.from_below.seal(Kind.TASK, [], {}), "chain.wrong_kind"),
    "a receipt of the own village": (lambda b: b.from_below.seal(Kind.RECEIPT, [], {}), "chain.wrong_kind"),
    "a submission of the district": (
        lambda b: b.district.seal(Kind.SUBMISSION, [], {}, period=str(MONTH)),
        "chain.wrong_kind",
    ),
    "a receipt that says nothing": (lambda b: b.district.seal(Kind.RECEIPT, [], {}), "package.body_missing"),
    "a receipt of another form": (receipt(receipt={"epoch": "1"}), "package.body_invalid"),
    "returns of another form": (receipt(parts=[csv_part("returned.csv", RETURNED[1:], [])]), "package.csv_header"),
    "a return of another town's cell": (receipt(returned(unit=OTHER_VILLAGE)), "package.returned"),
    "a return of the district's cell": (receipt(returned(unit=DISTRICT, target="investment")), "package.returned"),
    "a return of nowhere": (receipt(returned(unit="990101999")), "package.returned"),
    "a return of neither cell nor row": (receipt(returned(place="table")), "package.returned"),
    "a return in an unknown state": (receipt(returned(status="lost")), "package.returned"),
    "a return at no time": (receipt(returned(period="2024-00")), "period.unreadable"),
    "a return of a row under another village": (
        lambda b: receipt(returned(unit=SECOND_VILLAGE, place="row", target=f"well/{b.row}"))(b),
        "package.returned",
    ),
    "a good return and a bad one": (receipt(returned(), returned(unit=OTHER_VILLAGE)), "package.returned"),
    "a task without a catalogue": (lambda b: b.district.seal(Kind.TASK, [], {}), "package.part_missing"),
    "a catalogue that is a list": (
        lambda b: b.district.seal(Kind.TASK, [json_part("catalogue.json", "[1]")], {}),
        "package.part_missing",
    ),
    "a catalogue of numbers": (
        lambda b: b.district.seal(Kind.TASK, [json_part("catalogue.json", '{"units.csv": 1}')], {}),
        "package.part_missing",
    ),
    "a catalogue without files": (
        lambda b: b.district.seal(Kind.TASK, [json_part("catalogue.json", "{}")], {}),
        "catalogue.invalid",
    ),
    "a broken catalogue": (task_of(replaced("elements.csv", "households,", "Households,")), "catalogue.invalid"),
    "another district's catalogue": (
        task_of(replaced("catalogue.toml", 'id = "yunxi"', 'id = "other"')),
        "catalogue.other_district",
    ),
    "a catalogue without this town": (task_of(without_town), "catalogue.office_gone"),
    "an older catalogue": (task_of(of_version(2)), "catalogue.older"),
    "another catalogue of the same version": (
        task_of(of_version(3, "due_day = 5", "due_day = 6")),
        "catalogue.older",
    ),
    "a catalogue with other decimals": (
        task_of(replaced("elements.csv", "income,经营性收入,万元,decimal,2", "income,经营性收入,万元,decimal,3")),
        "catalogue.decimals",
    ),
    "targets of another form": (task_of(None, csv_part("targets.csv", TARGETS[1:], [])), "package.csv_header"),
    "a new catalogue with targets of another form": (
        task_of(replaced("catalogue.toml", "due_day = 5", "due_day = 6"), csv_part("targets.csv", TARGETS[1:], [])),
        "package.csv_header",
    ),
    "a list of keys with another version": (
        lambda b: b.district.seal(Kind.RECEIPT, [], receipt_body(**listed(version=3)), trust_version=4),
        "package.body_invalid",
    ),
    "a list of keys of another form": (receipt(trust={"version": 0, "entries": [1]}), "package.body_invalid"),
    "a list that names the village's key as the district's": (conflicting, "partner.key_conflict"),
}  # fmt: skip


@pytest.mark.parametrize("lie", REFUSED)
def test_refused_without_any_change(below: Below, town: Session, lie: str) -> None:
    build, code = REFUSED[lie]
    before = everything(town)
    with pytest.raises(UserError) as caught:
        receive.receive_bytes(town, "假包.xzpkg", build(below))
    assert caught.value.code == code
    assert caught.value.hint
    assert everything(town) == before
    works_on(town)
    assert receive.receive_bytes(town, "真包.xzpkg", receipt()(below)).status is Status.ACCEPTED


# --- taken, but for what is nobody's business -------------------------------------------------------------------------


def take(below: Below, session: Session, lie: Lie) -> Arrived:
    arrived = receive.receive_bytes(session, "包.xzpkg", lie(below))
    assert arrived.status is Status.ACCEPTED
    works_on(session)
    return arrived


def test_a_receipt_confirms_only_what_was_sent_to_its_writer(below: Below, town: Session) -> None:
    """Not what the town has sealed to its village, and not what nobody has sealed."""
    ids = (below.submission, below.to_the_village, "e" * 64)
    acknowledged = tuple(Acknowledgement(package=id, sequence=1, taken=Taken.ACCEPTED) for id in ids)
    arrived = take(below, town, receipt(**ReceiptBody(epoch=1, acknowledged=acknowledged).to_body()))
    assert arrived.effects.acknowledged == 1
    status = {id: found.status for id in ids[:2] if (found := packages.find(town.workspace, id))}
    assert status == {below.submission: PackageStatus.ACKNOWLEDGED, below.to_the_village: PackageStatus.SEALED}


def test_a_head_that_cannot_be_is_not_adopted(below: Below, town: Session) -> None:
    """After the highest number there is none that a package could have."""
    arrived = take(below, town, receipt(**ReceiptBody(epoch=1, head=ChainHead(sequence=10**15, id="e" * 64)).to_body()))
    assert len(arrived.effects.notes) == 1
    assert submit.submit(town, MONTH, Signature("镇复核", Role.REVIEWER)).sequence == 2


def test_returns_of_places_that_are_not_known_here_are_left_out(below: Below, town: Session) -> None:
    strange = (
        returned(id="1", target="cars"),
        returned(id="2", target="factories"),
        returned(id="3", place="row", target="well"),
        returned(id="4", place="row", target="well/"),
        returned(id="5", place="row", target="cars/x"),
        returned(id="6", place="row", target="well/../../x"),
        returned(place="row", target=f"well/{below.row}", field="households"),
    )
    arrived = take(below, town, receipt(*strange))
    assert arrived.effects.returned == 1
    assert [each.place for each in returns.standing(town)] == [RowRef("well", below.row)]


def test_what_the_town_returned_to_its_village_is_not_the_districts_matter(below: Below, town: Session) -> None:
    """Neither counted nor reopened."""
    with town.workspace.transaction("退回"):
        place = RowRef("well", below.row)
        verdicts.add(
            town.workspace, office=VILLAGE, unit=VILLAGE, period=MONTH, place=place, reason=REASON, package="p"
        )
    sealed = contents(town)["sealed_period"]
    assert take(below, town, receipt()).effects.returned == 0
    assert contents(town)["sealed_period"] == sealed


def test_targets_of_others_and_impossible_ones_are_left_out(below: Below, town: Session) -> None:
    indicator = next(iter(below.catalogue.indicators))
    rows = [
        (indicator, OTHER, "2024", "1", "no"),
        (indicator, DISTRICT, "2024", "1", "no"),
        (indicator, "990101999", "2024", "1", "no"),
        ("X99", TOWN, "2024", "1", "no"),
        *(
            (indicator, TOWN, year, "1", "no")
            for year in ("", "二〇二四", "２０２４", "2024.0", "1e3", "-1", "2100", "2023")
        ),
        *((indicator, TOWN, "2024", text, "no") for text in ("", "NaN", "1e9", "１", "1/3", "9" * 400, "-")),
        (indicator, TOWN, "2026", "12.5", "perhaps"),
    ]
    arrived = take(below, town, task_of(None, csv_part("targets.csv", TARGETS, rows)))
    assert len(arrived.effects.notes) == 1
    [share] = target_splits.read(town.workspace)
    assert (share.unit, share.year, f"{share.value}", share.by_hand) == (TOWN, 2026, "12.5", False)


def test_a_list_of_keys_decides_about_nobody_elses(below: Below, town: Session) -> None:
    """The village's key is the town's matter, the town's own its own, other towns' nobody's here."""
    own = outgoing.own_record(town)
    stranger = below.other.key
    foreign = KeyRecord(OTHER, stranger.key_id, 1, 1, stranger.sign_public, (stranger.box_public,))
    entries = (
        (below.trusted[VILLAGE], TrustStatus.REVOKED),
        (own, TrustStatus.REVOKED),
        (foreign, TrustStatus.TRUSTED),
    )
    before = contents(town)["partner"], partners.own_keys(town.workspace)
    body = receipt_body(**listed(*entries))
    take(below, town, lambda b: b.district.seal(Kind.RECEIPT, [], body, trust_version=9))
    assert (contents(town)["partner"], partners.own_keys(town.workspace)) == before
    assert partners.find_by_key_id(town.workspace, stranger.key_id) is None


def test_a_list_of_keys_survives_the_undoing_of_its_package(below: Below, town: Session) -> None:
    """What was revoked above stays revoked, whatever becomes of the package that said so."""
    old = below.trusted[DISTRICT]
    body = receipt_body(**listed((old, TrustStatus.REVOKED)))
    arrived = take(below, town, lambda b: b.district.seal(Kind.RECEIPT, [], body, trust_version=9))
    receive.undo(town, arrived.id)
    held = partners.find_by_key_id(town.workspace, old.key_id)
    assert held is not None
    assert held.status is partners.PartnerStatus.REVOKED
    with pytest.raises(UserError) as caught:
        receive.receive_bytes(town, "包.xzpkg", receipt()(below))
    assert caught.value.code == "chain.key_revoked"


# --- a state handed over ----------------------------------------------------------------------------------------------


def handed_over(*rows: list[str], **body: Any) -> Lie:
    def build(b: Below) -> bytes:
        files = json.dumps(dict(b.catalogue.files))
        parts = [json_part("catalogue.json", files), csv_part("values.csv", VALUES, rows)]
        return b.to_village.seal(Kind.TASK, parts, body)

    return build


GOOD = ["households", VILLAGE, "2024-01", "value", "300"]


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        (handed_over(["households", SECOND_VILLAGE, "2024-01", "value", "300"]), "handover.unreadable"),
        (handed_over(["cars", VILLAGE, "2024-01", "value", "300"]), "handover.unreadable"),
        (handed_over(["households", VILLAGE, "2031-01", "value", "300"]), "handover.unreadable"),
        (handed_over(["households", VILLAGE, "2024-01", "value", "NaN"]), "handover.unreadable"),
        (handed_over(GOOD, sealed={VILLAGE: 5}), "handover.unreadable"),
        (handed_over(GOOD, sealed={VILLAGE: "2024-01"}), "handover.unreadable"),
        (handed_over(GOOD, sealed={VILLAGE: [202401]}), "handover.unreadable"),
        (handed_over(GOOD, sealed={VILLAGE: ["2024Q1"]}), "period.not_month"),
        (handed_over(GOOD, sealed={VILLAGE: ["2031-01"]}), "period.outside"),
        (handed_over(GOOD, sealed={VILLAGE: ["一月"]}), "period.unreadable"),
    ],
)
def test_a_state_that_cannot_be_is_not_handed_over(below: Below, village: Session, lie: Lie, code: str) -> None:
    before = everything(village)
    with pytest.raises(UserError) as caught:
        receive.receive_bytes(village, "假包.xzpkg", lie(below))
    assert caught.value.code == code
    assert everything(village) == before
    take(below, village, handed_over(GOOD, sealed={VILLAGE: ["2024-01"], SECOND_VILLAGE: 7}, revisions=[1]))
    assert len(contents(village)["data_value"]) == 1


def test_a_new_catalogue_that_is_refused_leaves_the_old_one_in_force(below: Below, village: Session) -> None:
    files = dict(below.catalogue.files)
    replaced("catalogue.toml", "due_day = 5", "due_day = 6")(files)
    assert catalogue_texts.parse(files).version == 4
    parts = [
        json_part("catalogue.json", json.dumps(files)),
        csv_part("values.csv", VALUES, [["cars", VILLAGE, "2024-01", "value", "1"]]),
    ]
    before = everything(village)
    with pytest.raises(UserError):
        receive.receive_bytes(village, "假包.xzpkg", below.to_village.seal(Kind.TASK, parts, {}))
    assert everything(village) == before


# --- anything in any place --------------------------------------------------------------------------------------------

REFUSALS = ("package.", "period.", "key.", "partner.", "catalogue.", "handover.", "chain.")


def send(session: Session, liar: Liar, kind: Kind, parts: list[Part], body: dict[str, Any], number: int) -> None:
    """Taken, or refused without any change; never anything else."""
    head = packages.chain_head(session.workspace, liar.unit, Direction.IN, liar.key.epoch)
    at = f"2026-11-05T02:{number // 60:02}:{number % 60:02}Z"
    before = everything(session)
    try:
        receive.receive_bytes(session, "包.xzpkg", replace(liar, head=head).seal(kind, parts, body, created=at))
    except UserError as error:
        refused = error.code
    else:
        return
    assert refused.startswith(REFUSALS)
    assert everything(session) == before


@pytest.mark.parametrize("place", range(len(RETURNED)), ids=RETURNED)
@pytest.mark.parametrize("kind", ["cell", "row"])
def test_any_text_in_a_return(below: Below, town: Session, place: int, kind: str) -> None:
    target = "households" if kind == "cell" else f"well/{below.row}"
    for number, text in enumerate(TEXTS):
        row = returned(id=str(number), place=kind, target=target)
        row[place] = text
        send(town, below.district, Kind.RECEIPT, [csv_part("returned.csv", RETURNED, [row])], receipt_body(), number)
    works_on(town)


@pytest.mark.parametrize("name", BODY_NAMES)
@pytest.mark.parametrize("kind", [Kind.RECEIPT, Kind.TASK])
def test_anything_in_the_body(below: Below, town: Session, kind: Kind, name: str) -> None:
    parts = [json_part("catalogue.json", json.dumps(dict(below.catalogue.files)))] if kind is Kind.TASK else []
    for number, thing in enumerate(THINGS):
        send(town, below.district, kind, parts, receipt_body(**{name: thing}), number)
    works_on(town)


@pytest.mark.parametrize("number", [10**15, 10**6, -1, True, "9"])
def test_a_revision_that_cannot_be_is_not_followed(below: Below, town: Session, number: object) -> None:
    """The town's next package has to have a higher one, which has to be a number that a package may carry."""
    take(below, town, receipt(revisions={VILLAGE: number, TOWN: 3}))
    sealed = submit.submit(town, MONTH, Signature("镇复核", Role.REVIEWER))
    record_of = packages.find(town.workspace, sealed.id)
    assert record_of is not None
    stated = json.loads(record_of.manifest)["body"]["revisions"]
    assert (stated[VILLAGE], stated[TOWN]) == (2, 4)
