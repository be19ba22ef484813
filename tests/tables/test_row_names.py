"""Rows named where other rows refer to them."""

from xzdesk.core.model import Catalogue, RegisterRow
from xzdesk.tables.row_names import RowNames

A, B, C = (f"{letter * 8}-0000-4000-8000-000000000000" for letter in "abc")


def well(row: str, unit: str, name: str | None, deleted: bool = False) -> RegisterRow:
    return RegisterRow(row, unit, {"name": name}, deleted)


def test_a_name_means_one_row_of_the_unit(tiny: Catalogue) -> None:
    names = RowNames(tiny, {"well": [well(A, "1", "东井"), well(B, "2", "东井"), well(C, "1", None)]})
    assert names.of("well", A) == "东井"
    assert names.find("well", "1", " 东 井 ") == [A]
    assert names.find("well", "2", "东井") == [B]
    assert names.find("well", "3", "东井") == []
    assert names.of("well", C) == "（cccccccc）"
    assert names.of_unit("well", "1") == ["东井", "（cccccccc）"]


def test_rows_of_the_same_name_are_told_apart(tiny: Catalogue) -> None:
    names = RowNames(tiny, {"well": [well(A, "1", "东井"), well(B, "1", "东井")]})
    assert names.of("well", A) == "东井（aaaaaaaa）"
    assert names.find("well", "1", "东井（bbbbbbbb）") == [B]
    assert names.find("well", "1", "东井") == []


def test_an_id_means_its_row_in_its_unit_only(tiny: Catalogue) -> None:
    names = RowNames(tiny, {"well": [well(A, "1", "东井")]})
    assert names.find("well", "1", A) == [A]
    assert names.find("well", "2", A) == []


def test_deleted_rows_cannot_be_meant(tiny: Catalogue) -> None:
    names = RowNames(tiny, {"well": [well(A, "1", "东井", deleted=True)]})
    assert names.find("well", "1", "东井") == []
    assert names.of("well", A) == A


def test_a_new_row_of_the_file_can_be_meant(tiny: Catalogue) -> None:
    names = RowNames(tiny, {"well": [well(A, "1", "东井")]})
    names.add("well", "1", B, "西井")
    assert names.find("well", "1", "西井") == [B]
    names.add("well", "1", C, "东井")
    assert names.find("well", "1", "东井") == [A, C]
