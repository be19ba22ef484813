"""Names and addresses of households: in the encrypted workspaces and nowhere else.

A month is played through with a register of households; on the way everything goes wrong that can. What the program
says about it, what it logs and every byte that it leaves in any folder are searched for the households' names, in
every encoding in which they might have got there.
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from tests.e2e.liar import MONTH, Liar, Tables
from tests.e2e.personal import (
    ADDRESS,
    HEAD,
    HOUSEHOLD,
    KEEPER,
    NEIGHBOUR,
    PERSONAL,
    PHONE,
    files_that_name,
    named_in,
    named_in_bytes,
)
from tests.e2e.state import open_with_key
from tests.services.conftest import DISTRICT, PASSPHRASE, SECOND, TOWN, VILLAGE, Offices, fill, hand_in
from xzdesk import paths
from xzdesk.cli import main
from xzdesk.core.catalogue import parse
from xzdesk.core.errors import UserError
from xzdesk.core.model import CellRef, DataValue, RowRef
from xzdesk.exchange.manifest import Kind
from xzdesk.services import check, export_table, import_table, keep, outgoing, receipt, receive, record, returns, rows
from xzdesk.services.returns import ReturnRequest
from xzdesk.services.session import Session
from xzdesk.store import attachments, quarantine, registers

RULES = """\
household_lives,soft,,,household,not missing(address),address,没有住址。,请补填。
household_phone,soft,,,household,not missing(phone),phone,没有电话。,请补填。
household_members,soft,,,household,members > 0,members,人口为 {members}。,请核对。
"""
FAMILY = {
    "head": HEAD, "address": ADDRESS, "phone": PHONE, "members": Decimal(4), "since": dt.date(2024, 1, 2),
    "kind": "常住",
}  # fmt: skip
WELL = {"name": "一号井", "kind": "集中", "built_on": dt.date(2024, 1, 9), "keeper": KEEPER, "state": "正常"}
NAMING = f"{HEAD}一家6口1月自{ADDRESS}迁入，见村务公开"
"""A reason that names people, as people write them."""


@dataclass
class Told:
    """Everything that was said to anybody: (where, text)."""

    texts: list[tuple[str, str]] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)

    def add(self, where: str, *things: object) -> None:
        self.texts += [(where, thing if isinstance(thing, str) else repr(thing)) for thing in things]

    def refused(self, where: str, work: Callable[[], object]) -> None:
        """``work`` raises a ``UserError``; what it and its causes say is noted."""
        with pytest.raises(UserError) as caught:
            work()
        self.codes.add(caught.value.code)
        self.add(where, caught.value.message, caught.value.hint, str(caught.value), repr(caught.value))
        error: BaseException | None = caught.value
        while error is not None:
            self.add(f"{where} ({type(error).__name__})", str(error), repr(error.args))
            error = error.__cause__ or error.__context__


@dataclass
class Scene:
    """What was played, and where its files lie. ``desk`` holds the workbooks that people fill in, open by nature."""

    offices: Offices
    desk: Path
    temporary: Path
    log: Path
    told: Told = field(default_factory=Told)

    @property
    def folders(self) -> tuple[Path, ...]:
        return self.offices.folder, self.temporary, self.log


@pytest.fixture(scope="module")
def scene(
    tmp_path_factory: pytest.TempPathFactory, tiny_files: dict[str, str], cheap_stretching: None
) -> Iterator[Scene]:
    files = dict(tiny_files)
    files["registers/household.json"] = json.dumps(HOUSEHOLD, ensure_ascii=False)
    files["rules.csv"] = files["rules.csv"].rstrip("\n") + "\n" + RULES
    folder = tmp_path_factory.mktemp("privacy")
    made = Scene(Offices(folder / "单位", parse(files)), *(folder / name for name in ("桌面", "临时", "日志")))
    for each in (made.offices.folder, made.desk, made.temporary, made.log):
        each.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(made.temporary))
        for name in ("TMPDIR", "SQLITE_TMPDIR", "TEMP", "TMP"):
            patch.setenv(name, str(made.temporary))
        patch.setattr(paths, "user_data", lambda: made.log)
        play(made)
        yield made
    made.offices.close()


def play(scene: Scene) -> None:
    offices, told = scene.offices, scene.told
    district = offices.district()
    town = offices.below(district, TOWN, "镇")
    fill(town, MONTH)
    household = recorded(town, told)
    explained(town, told)
    tables(scene, town)
    package = hand_in(town, MONTH, offices.stick, "镇复核")
    corrected(town, told)
    second = received(scene, district, town, package)
    returned(scene, district, town, household)
    hostile(scene, district, town, second)
    kept(scene, town)
    by_command(scene, town)


def recorded(town: Session, told: Told) -> str:
    """Rows, and everything about a row that is refused."""
    made = record.record_row(town, "household", VILLAGE, FAMILY).rows[0]
    record.record_row(town, "household", VILLAGE, FAMILY)
    record.record_row(town, "household", VILLAGE, {"head": NEIGHBOUR, "members": Decimal(0)})
    well = record.record_row(town, "well", VILLAGE, WELL).rows[0]
    bad: dict[str, dict[str, object]] = {
        "too long": {"head": HEAD * 3},
        "invisible": {"head": f"{HEAD}\u200b"},
        "missing": {"head": "", "address": ADDRESS},
        "a name as a choice": {"kind": HEAD},
        "a name as a number": {"members": HEAD},
        "a name as a date": {"since": ADDRESS},
        "a number as a name": {"head": Decimal(PHONE)},
        "a name for a field": {"members": Decimal(21), "address": ADDRESS},
    }
    for where, fields in bad.items():
        changed: dict[str, object] = {**FAMILY, **fields}
        told.refused(where, lambda c=changed: record.record_row(town, "household", VILLAGE, c))
        told.refused(where, lambda f=fields: record.record_row(town, "household", VILLAGE, f, made.id))
    told.refused("other office", lambda: record.record_row(town, "household", "990101001201", FAMILY))
    told.refused("unknown row", lambda: record.record_row(town, "household", VILLAGE, FAMILY, HEAD))
    told.refused("unknown row", lambda: record.delete_row(town, "household", HEAD))
    told.refused("no such row", lambda: rows.find(town, "household", f"{HEAD}家"))
    told.refused("two such rows", lambda: rows.find(town, "household", HEAD))
    told.refused("a reference by name", lambda: record.record_row(town, "well_test", VILLAGE, {"well": KEEPER}))
    with town.workspace.transaction("照片"):
        digest = attachments.keep(town.workspace, b"\x89PNG\r\n\x1a\n" + f"{HEAD} {ADDRESS}".encode())
        attachments.use(town.workspace, [attachments.Use(RowRef("household", made.id), digest, f"{HEAD}家门口")])
    for title, data in ((f"{HEAD}" * 30, b"\x89PNG\r\n\x1a\n"), (HEAD, HEAD.encode())):
        told.refused("photograph", lambda t=title, d=data: photograph(town, well.id, t, d))
    return made.id


def photograph(town: Session, row: str, title: str, data: bytes) -> None:
    with town.workspace.transaction("照片"):
        digest = attachments.keep(town.workspace, data)
        attachments.use(town.workspace, [attachments.Use(RowRef("well", row), digest, title)])


def explained(town: Session, told: Told) -> None:
    result = check.check(town, MONTH)
    for finding in result.findings:
        told.add("finding", finding)
    assert {"duplicate", "household_lives", "household_phone", "household_members"} <= {f.rule for f in result.findings}
    told.refused("an empty reason", lambda: check.give_reasons(town, result.unexplained, HEAD))
    told.refused("an endless reason", lambda: check.give_reasons(town, result.unexplained, NAMING * 50))
    check.give_reasons(town, result.unexplained, NAMING)
    told.add("after the reasons", check.check(town, MONTH).findings)


def tables(scene: Scene, town: Session) -> None:
    """A workbook and a CSV in which names stand where they should not."""
    path = export_table.export_table(town, scene.desk / "表.xlsx", MONTH)
    book = openpyxl.load_workbook(path)
    sheet = book["农户"]
    heads = {
        str(cell.value).rstrip("*＊ "): cell.column for row in sheet.iter_rows(max_row=4) for cell in row if cell.value
    }
    unit, head, address = (heads[name] for name in ("所属单位", "户主", "住址"))
    members, since, kind = (heads[name] for name in ("人口", "入户日期", "类别"))
    first = sheet.max_row + 1
    for number, (column, content) in enumerate(
        [
            (members, HEAD),
            (since, ADDRESS),
            (kind, HEAD),
            (head, HEAD * 5),
            (unit, HEAD),
            (head, f"　{HEAD}　"),
            (head, f"={HEAD}"),
        ]
    ):
        sheet.cell(first + number, unit, "上溪村")
        sheet.cell(first + number, head, NEIGHBOUR)
        sheet.cell(first + number, address, ADDRESS)
        sheet.cell(first + number, column, content)
    book["村月报"]["C6"] = "三百来户"
    book.save(path)
    plan = import_table.dry_run(town, path, MONTH)
    assert len(plan.findings) >= 6
    scene.told.add("findings of a workbook", *plan.findings)
    scene.told.add("findings of a workbook", *(finding.message + finding.hint for finding in plan.findings))
    text = f"所属单位,户主,住址,人口\n上溪村,{HEAD},{ADDRESS},{HEAD}\n{HEAD},{HEAD},{ADDRESS},1\n"
    csv = scene.desk / "农户.csv"
    csv.write_bytes(text.encode("gb18030"))
    found = import_table.dry_run(town, csv, MONTH).findings
    assert found
    scene.told.add("findings of a CSV", *(finding.message + finding.hint for finding in found))


def corrected(town: Session, told: Told) -> None:
    cell = CellRef(VILLAGE, "trainees", MONTH)
    told.refused("an empty reason", lambda: record.record_cells(town, {cell: DataValue.of(5)}, HEAD))
    record.record_cells(town, {cell: DataValue.of(5)}, NAMING)


def received(scene: Scene, district: Session, town: Session, package: Path) -> Path:
    told = scene.told
    told.add("dry run", receive.receive(district, [package], dry_run=True))
    for size in (0, 100, package.stat().st_size // 2, package.stat().st_size - 1):
        broken = package.with_name("坏包.xzpkg")
        broken.write_bytes(package.read_bytes()[:size])
        told.add("broken package", receive.receive(district, [broken]))
        broken.unlink()
    told.add("import", receive.receive(district, [package]))
    second = hand_in(town, MONTH, scene.offices.stick, "镇复核")
    told.add("second import", receive.receive(district, [second]))
    told.refused("undo", lambda: receive.undo(district, HEAD))
    for village in ("990101101201", "990101101202"):
        told.add("check above", check.check(district, MONTH, [district.catalogue.units[village]]).findings)
    return second


def returned(scene: Scene, district: Session, town: Session, household: str) -> None:
    told, place = scene.told, RowRef("household", household)
    told.refused("an empty return", lambda: returns.return_places(district, MONTH, [ReturnRequest(place, HEAD)]))
    unknown = ReturnRequest(RowRef("household", HEAD), NAMING)
    told.refused("a return of nothing", lambda: returns.return_places(district, MONTH, [unknown]))
    returns.return_places(district, MONTH, [ReturnRequest(place, NAMING, "head")])
    down = [outgoing.deliver(sealed, scene.offices.stick) for sealed in receipt.write_receipts(district, [town.office])]
    told.add("receipt", receive.receive(town, down))


def hostile(scene: Scene, district: Session, town: Session, second: Path) -> None:
    """A package whose bad rows are full of names: they wait in quarantine, and nobody repeats them."""
    opened = receive.open_for(district, second.read_bytes())
    honest, name = Tables.of(opened.parts, opened.manifest.body), "register_household.csv"
    header = list(honest.header(name))
    bad = []
    for number, (column, content) in enumerate(
        [("head", HEAD * 5), ("kind", HEAD), ("members", HEAD), ("since", ADDRESS), ("unit", HEAD), ("id", HEAD)]
    ):
        row = honest.rows(name)[0]
        row[0] = f"{number:08}-0000-4000-8000-000000000000"
        row[header.index(column)] = content
        bad.append(row)
    lie = honest.add(name, *bad).add("values.csv", ["households", VILLAGE, HEAD, "value", HEAD])
    lie = lie.put(
        "corrections.csv", [["households", VILLAGE, "2024-01", "n:1", HEAD, NAMING, "2024-02-01T00:00:00Z", HEAD]]
    )
    lies = [
        lie,
        honest.put(name, [], ("id", "unit", "deleted", "revision", HEAD)),
        honest.put("findings.csv", [["0" * 64, HEAD, VILLAGE, HEAD, NAMING, HEAD, HEAD]]),
        honest.say(revisions={HEAD: HEAD}),
    ]
    for number, tables_ in enumerate(lies):
        liar = Liar.of(town, DISTRICT)
        sealed_lie = liar.seal(
            Kind.SUBMISSION, tables_.parts, tables_.body, period=str(MONTH), created=f"2026-11-05T02:00:0{number}Z"
        )
        path = scene.offices.stick / f"假包{number}.xzpkg"
        path.write_bytes(sealed_lie)
        arrived = receive.receive(district, [path])
        scene.told.add("a lie", arrived)
        scene.told.add("its causes", *(quarantine.causes(district.workspace, each.id) for each in arrived if each.id))


def kept(scene: Scene, town: Session) -> None:
    made = keep.back_up(town)
    scene.told.add("backup", made.path.name)
    scene.told.add("verified", keep.check_integrity(town))
    target = scene.offices.folder / "恢复.xzdb"
    scene.told.refused("restore", lambda: keep.restore(made.path, target, None, f"{HEAD} {ADDRESS}"))
    keep.restore(made.path, target, None, PASSPHRASE)
    scene.told.refused("recover", lambda: keep.recover(target, HEAD, "镇填报", SECOND))


def by_command(scene: Scene, town: Session) -> None:
    """The same by the command line; and faults of the program, whose log goes to strangers."""
    path = town.workspace.path
    town.close()
    words = ["record", "--row", "household", "--unit", "上溪村", "-w", str(path)]
    lines = [
        [*words, f"head={HEAD * 5}"],
        [*words, f"head={HEAD}", f"members={HEAD}"],
        [*words, f"head={HEAD}", f"kind={HEAD}"],
        [*words, f"head={HEAD}", f"since={ADDRESS}"],
        [*words, "--id", f"{HEAD}家", "members=1"],
        [*words, "--id", HEAD, "members=1"],
        ["record", "--row", "household", "--delete", "--id", HEAD, "-w", str(path)],
        ["import", "--undo", HEAD, "-w", str(path)],
    ]
    secret = scene.desk / "口令.txt"
    secret.write_text(f"{PASSPHRASE}\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XZDESK_PASSPHRASE_FILE", str(secret))
        for line in lines:
            status, text = command(line)
            assert status == main.USER_CAN_MEND, text
            scene.told.add(" ".join(line[:3]), text)
        for fault in (
            ValueError(f"invalid literal: {HEAD}"),
            KeyError(HEAD),
            UnicodeError(ADDRESS),
            OSError(5, HEAD, ADDRESS),
        ):
            patch.setattr(record, "record_row", raiser(fault))
            status, text = command([*words, f"head={HEAD}"])
            assert status == main.OUR_FAULT
            scene.told.add("a fault of the program", text)


def command(line: list[str]) -> tuple[int, str]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = main.main(line)
    return status, out.getvalue() + err.getvalue()


def raiser(fault: Exception) -> Callable[..., None]:
    def fail(*given: object, **named: object) -> None:
        raise fault

    return fail


# --- what is promised -------------------------------------------------------------------------------------------------


def test_nothing_that_was_said_names_anybody(scene: Scene) -> None:
    assert len(scene.told.texts) > 150
    assert {code.split(".")[0] for code in scene.told.codes} >= {
        "register",
        "row",
        "reason",
        "record",
        "return",
        "attachment",
    }
    assert [(where, text[:200]) for where, text in scene.told.texts if named_in(text)] == []


def test_the_log_names_nobody(scene: Scene) -> None:
    logs = list(scene.log.iterdir())
    assert logs
    text = "".join(path.read_text(encoding="utf-8") for path in logs)
    assert text.count("\n") >= 4
    assert "ValueError" in text
    assert named_in(text) == []


def test_no_file_names_anybody_while_the_offices_are_at_work_or_after(scene: Scene) -> None:
    """Workspaces with their logs of writing, keys, locks, packages, backups, what was restored, temporary files."""
    kinds = {path.suffix for path in scene.offices.folder.rglob("*") if path.is_file()}
    assert {".xzdb", ".keys", ".xzpkg", ".lock"} <= kinds
    assert [path for path in scene.offices.folder.rglob("*") if path.name.endswith("-wal")]
    assert list(files_that_name(*scene.folders)) == []
    scene.offices.close()
    assert list(files_that_name(*scene.folders)) == []


def test_the_workspaces_do_hold_them(scene: Scene) -> None:
    """So the search has been for something that is there: with the key it is found."""
    district = scene.offices.sessions[0]
    scene.offices.close()
    with open_with_key(district.workspace.path, district.workspace.data_key, "区专班") as session:
        found = registers.read(session.workspace, session.catalogue.registers["household"])
        assert {row.fields["head"] for row in found} == {HEAD, NEIGHBOUR}


@pytest.mark.parametrize("word", PERSONAL)
def test_the_search_finds_every_form(word: str, tmp_path: Path) -> None:
    for data in (
        word.encode(),
        word.encode("gb18030"),
        word.encode("utf-16-le"),
        json.dumps(word).encode(),
        gzip.compress(b"x" + word.encode() + b"y"),
    ):
        assert named_in_bytes(os.urandom(1000) + data + os.urandom(1000)) == {word}
    assert named_in(f"x{word}y") == [word]
    assert named_in(repr(ValueError(word))) == [word]
    (tmp_path / f"{word}.txt").touch()
    assert list(files_that_name(tmp_path)) == [(f"{word}.txt", {word})]
