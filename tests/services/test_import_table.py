"""A workbook goes out, is filled in, is tried, and is taken over as a whole or not at all."""

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from xzdesk.core.errors import UserError
from xzdesk.core.model import Catalogue, CellRef, DataValue
from xzdesk.core.periods import Period
from xzdesk.services import record, start
from xzdesk.services.export_table import export_table, known_rows, suggested_name
from xzdesk.services.import_table import apply, dry_run
from xzdesk.services.record import record_cells, record_row
from xzdesk.services.session import Session
from xzdesk.store import journal, registers, values
from xzdesk.tables.limits import MAX_FILE

PASSPHRASE = "油菜花 三月 河埠头"
TOWN, OTHER_TOWN, UPPER, LOWER = "990101101", "990101001", "990101101201", "990101101202"
MONTH = Period.month(2026, 12)
HOUSEHOLDS = CellRef(UPPER, "households", MONTH)


@pytest.fixture
def town(tmp_path: Path, tiny: Catalogue) -> Iterator[Session]:
    with start.create(
        tmp_path / "镇.xzdb", unit=TOWN, catalogue=tiny, user="王会计", passphrase=PASSPHRASE
    ).session as session:
        yield session


@pytest.fixture
def filled(town: Session) -> Session:
    """With two values, a supply point and its test."""
    record_cells(town, {HOUSEHOLDS: DataValue.of(598), CellRef(TOWN, "factories", MONTH): DataValue.of(3)})
    well = {
        "name": "=东井",
        "kind": "集中",
        "built_on": dt.date(2025, 3, 5),
        "state": "正常",
        "households": Decimal(80),
    }
    (row,) = record_row(town, "well", UPPER, well).rows
    record_row(town, "well_test", UPPER, {"well": row.id, "sampled_on": dt.date(2026, 12, 1), "passed": "yes"})
    return town


def change(path: Path, fill: Callable[[Workbook], None]) -> None:
    book = openpyxl.load_workbook(path)
    fill(book)
    book.save(path)


def read(session: Session, ref: CellRef) -> DataValue | None:
    return values.read(session.workspace, session.catalogue, units=[ref.unit], periods=[ref.period]).get(ref)


def test_what_was_exported_changes_nothing(filled: Session, tmp_path: Path) -> None:
    path = export_table(filled, tmp_path / suggested_name(filled.office, MONTH), MONTH, baseline=True)
    assert path.name == "临溪镇_2026-12_填报表.xlsx"
    done = dry_run(filled, path, MONTH)
    assert (done.cells, done.rows, done.findings, done.unchanged) == ([], [], [], 4)


def test_computed_figures_are_shown_live(filled: Session, tmp_path: Path) -> None:
    path = export_table(filled, tmp_path / "表.xlsx", MONTH)
    sheet = openpyxl.load_workbook(path)["村月报"]
    heads = {cell.value: cell.column for cell in sheet[2]}
    assert sheet.cell(6, 1).value == "上溪村"
    assert sheet.cell(6, heads["wells"]).value == 1
    assert sheet.cell(6, heads["households_served"]).value == 80
    assert sheet.cell(6, heads["tests_passed"]).value == 1


def test_a_template_holds_no_contents(filled: Session, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(export_table(filled, tmp_path / "表.xlsx", MONTH, filled=False))
    assert book["村月报"]["C6"].value is None
    assert book["供水点"]["B5"].value is None


def fill_in(book: Workbook) -> None:
    book["村月报"]["C7"] = "１,４０２户"
    book["村季报"]["C5"] = "2.5"
    book["镇月报"]["D4"] = "/"
    for column, content in enumerate(["下溪村", None, "西井", "单户", None, None, "2026.1.5", None, None, "正常"], 1):
        book["供水点"].cell(6, column).value = content
    for column, content in enumerate(["下溪村", None, "西井", dt.date(2026, 2, 1), "0.25", None, "是"], 1):
        book["水质检测"].cell(6, column).value = content
    book["供水点"]["F5"] = 81


def test_a_filled_workbook_is_taken_over_in_one_transaction(filled: Session, tmp_path: Path) -> None:
    path = export_table(filled, tmp_path / "表.xlsx", MONTH)
    change(path, fill_in)
    plan = dry_run(filled, path, MONTH)
    assert plan.findings == []
    assert [(c.sheet, c.cell, c.conversions) for c in plan.cells if c.conversions] == [
        ("村月报", "C7", ("“１,４０２户”读作 1402（全角改半角、去掉千分位、去掉单位“户”）",))
    ]
    before = len(list(journal.links(filled.workspace)))
    done = apply(filled, plan)
    assert len(list(journal.links(filled.workspace))) == before + 1
    assert len(done.cells) == 3
    assert read(filled, CellRef(LOWER, "households", MONTH)) == DataValue.of(1402)
    assert read(filled, CellRef(UPPER, "income", Period.quarter(2026, 4))) == DataValue.of(Decimal("2.5"))
    rows = known_rows(filled, filled.units)
    old, new = rows["well"]
    assert (old.fields["households"], old.fields["name"], old.revision) == (Decimal(81), "=东井", 2)
    assert (new.unit, new.fields["name"]) == (LOWER, "西井")
    assert rows["well_test"][1].fields["well"] == new.id
    again = dry_run(filled, path, MONTH)
    assert (again.cells, again.rows, again.findings) == ([], [], [])


def test_nothing_is_kept_when_one_change_is_refused(filled: Session, tmp_path: Path) -> None:
    path = export_table(filled, tmp_path / "表.xlsx", MONTH)
    change(path, fill_in)
    with filled.workspace.transaction("上报"):
        values.seal(filled.workspace, filled.catalogue, {LOWER}, MONTH, {})
    plan = dry_run(filled, path, MONTH)
    with pytest.raises(UserError) as caught:
        apply(filled, plan)
    assert caught.value.code == "record.correction_reason"
    assert len(known_rows(filled, filled.units)["well"]) == 1
    assert read(filled, CellRef(UPPER, "income", Period.quarter(2026, 4))) is None
    done = apply(filled, plan, "补录12月迁入的2户，见派出所名单")
    assert done.corrections == (CellRef(LOWER, "households", MONTH),)


def test_a_row_that_the_store_refuses_is_named_by_its_place(filled: Session, tmp_path: Path) -> None:
    path = export_table(filled, tmp_path / "表.xlsx", MONTH)
    change(path, fill_in)
    plan = dry_run(filled, path, MONTH)
    (well,) = registers.read(filled.workspace, filled.catalogue.registers["well"])
    test = next(row for row in plan.rows if row.register == "well_test")
    wrong = {**test.fields, "well": well.id}  # of another village
    plan.rows[plan.rows.index(test)] = type(test)(
        test.sheet, test.number, test.register, None, test.unit, wrong, (), test.new_id
    )
    with pytest.raises(UserError) as caught:
        apply(filled, plan)
    assert caught.value.code == "register.reference"
    assert caught.value.message.startswith("“水质检测”表第 6 行：")
    assert len(known_rows(filled, filled.units)["well"]) == 1


def test_a_change_between_dry_run_and_import_is_not_overwritten(filled: Session, tmp_path: Path) -> None:
    path = export_table(filled, tmp_path / "表.xlsx", MONTH)
    change(path, fill_in)
    plan = dry_run(filled, path, MONTH)
    record_cells(filled, {CellRef(LOWER, "households", MONTH): DataValue.of(1)})
    with pytest.raises(UserError) as caught:
        apply(filled, plan)
    assert caught.value.code == "import.stale"
    plan = dry_run(filled, path, MONTH)
    (well,) = registers.read(filled.workspace, filled.catalogue.registers["well"])
    record_row(filled, "well", UPPER, {"state": "停用"}, well.id)
    with pytest.raises(UserError) as caught:
        apply(filled, plan)
    assert caught.value.code == "import.stale"


def test_the_workbook_of_another_town_is_refused(filled: Session, tmp_path: Path, tiny: Catalogue) -> None:
    path = export_table(filled, tmp_path / "表.xlsx", MONTH)
    other = start.create(
        tmp_path / "街道.xzdb", unit=OTHER_TOWN, catalogue=tiny, user="李会计", passphrase=PASSPHRASE
    ).session
    with other, pytest.raises(UserError) as caught:
        dry_run(other, path, MONTH)
    assert caught.value.code == "import.other_office"


def test_a_village_s_own_workbook_comes_back_to_the_town(filled: Session, tmp_path: Path, tiny: Catalogue) -> None:
    path = export_table(filled, tmp_path / "上溪.xlsx", MONTH, unit=tiny.units[UPPER])
    change(path, lambda book: book["村月报"].__setitem__("D4", 601))
    plan = dry_run(filled, path, MONTH)
    assert {c.ref: c.value for c in plan.cells} == {HOUSEHOLDS: DataValue.of(601)}
    assert plan.findings == []
    with pytest.raises(UserError) as caught:
        export_table(filled, path, MONTH, unit=tiny.units["990101001201"])
    assert caught.value.code == "record.other_office"


def test_units_are_those_of_the_month_under_their_names_then(town: Session, tmp_path: Path) -> None:
    def names(period: Period) -> list[object]:
        sheet = openpyxl.load_workbook(export_table(town, tmp_path / "表.xlsx", period))["村月报"]
        return [cell.value for cell in sheet["A"][4:]]

    assert names(Period.month(2024, 6)) == ["临溪社区", "上溪村", "下溪村", "石头村", "旧溪村"]
    assert names(MONTH) == ["临溪社区", "上溪村", "下溪村", "石桥村"]


def test_a_csv_is_taken_over_too(town: Session, tmp_path: Path) -> None:
    path = tmp_path / "月报.csv"
    path.write_bytes("村名,户籍户数\n上溪,６００\n下溪,不详\n".encode("gb18030"))
    plan = dry_run(town, path, MONTH)
    assert [(f.sheet, f.cell, f.code) for f in plan.findings] == [("月报", "B3", "number.unreadable")]
    apply(town, plan)
    assert read(town, HOUSEHOLDS) == DataValue.of(600)


def test_a_file_that_is_not_there_or_far_too_large(town: Session, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        dry_run(town, tmp_path / "没有.xlsx", MONTH)
    assert caught.value.code == "import.no_file"
    large = tmp_path / "大.xlsx"
    with large.open("wb") as file:
        file.truncate(MAX_FILE + 1)
    with pytest.raises(UserError) as caught:
        dry_run(town, large, MONTH)
    assert caught.value.code == "table.too_large"


def test_a_failed_export_leaves_the_old_file_and_nothing_else(
    town: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "导出"
    folder.mkdir()
    (folder / "表.xlsx").write_bytes(b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("xzdesk.store.atomic_file.os.fsync", full)
    with pytest.raises(UserError) as caught:
        export_table(town, folder / "表.xlsx", MONTH)
    assert caught.value.code == "export.unwritable"
    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [("表.xlsx", b"old")]


def test_rows_of_an_office_that_hands_in_itself_are_told_in_the_dry_run(
    filled: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = export_table(filled, tmp_path / "表.xlsx", MONTH)
    change(path, fill_in)
    assert {row.unit for row in dry_run(filled, path, MONTH).rows} == {UPPER, LOWER}
    monkeypatch.setattr(record, "handed_in_from_below", lambda _, units: {LOWER} & set(units))
    plan = dry_run(filled, path, MONTH)
    assert {row.unit for row in plan.rows} == {UPPER}
    refused = [finding for finding in plan.findings if finding.code == "record.other_office"]
    assert refused
    assert "第" in refused[0].cell
