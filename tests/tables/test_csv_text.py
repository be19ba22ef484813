"""CSV in the encodings that reach an office, and out so that no text ever becomes a formula."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xzdesk.core.errors import UserError
from xzdesk.tables import csv_text
from xzdesk.tables.csv_text import guard, read_csv, unguard, write_csv

TEXT = "村,户数\r\n木桥港村,598\r\n"
ROWS = [["村", "户数"], ["木桥港村", "598"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_every_encoding_reads_the_same(encoding: str) -> None:
    assert read_csv(TEXT.encode(encoding)) == ROWS


def test_utf_16_of_the_other_byte_order() -> None:
    assert read_csv(b"\xfe\xff" + TEXT.encode("utf-16-be")) == ROWS


@pytest.mark.parametrize("sign", ["\t", ";"])
def test_the_delimiter_is_told_from_the_text(sign: str) -> None:
    assert read_csv(TEXT.replace(",", sign).encode()) == ROWS


def test_a_delimiter_inside_quotes_does_not_count() -> None:
    assert read_csv(b'"a;b;c;d",1\n') == [["a;b;c;d", "1"]]


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"\x81\x20\xff\xff"])
def test_an_unknown_encoding_is_said(data: bytes) -> None:
    with pytest.raises(UserError) as caught:
        read_csv(data)
    assert caught.value.code == "table.encoding"


def test_binary_is_no_table() -> None:
    with pytest.raises(UserError) as caught:
        read_csv(b"a,b\0c")
    assert caught.value.code == "table.unreadable"


def test_limits_on_either_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_text, "MAX_CELLS", 4)
    assert read_csv(b"a,b\nc,d\n") == [["a", "b"], ["c", "d"]]
    with pytest.raises(UserError) as caught:
        read_csv(b"a,b\nc,d\ne\n")
    assert caught.value.code == "table.too_large"
    monkeypatch.setattr(csv_text, "MAX_FIELD", 3)
    assert read_csv(b"abc\n") == [["abc"]]
    with pytest.raises(UserError):
        read_csv(b"abcd\n")


@pytest.mark.parametrize("text", ["=1+1", "+86", "-1", "@name", "\t=1", "\r=1", "＝1+1", "＋1", "'=1", "''@a"])
def test_a_dangerous_text_is_guarded_and_comes_back(text: str) -> None:
    assert guard(text) == "'" + text
    assert unguard(guard(text)) == text


def test_a_harmless_text_stays_as_it_is() -> None:
    assert guard("木桥港村") == "木桥港村"
    assert unguard("'木桥港村'") == "'木桥港村'"


def test_numbers_are_never_guarded() -> None:
    assert write_csv([["x", -5, 2.5, None]]) == b"\xef\xbb\xbfx,-5,2.5,\r\n"


CELL = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.lists(CELL, min_size=2, max_size=4), min_size=1, max_size=5))
def test_texts_come_back_exactly(rows: list[list[str]]) -> None:
    # The first row fixes the delimiter; a spreadsheet's own header never holds one.
    rows = [["甲", "乙", "丙", "丁"], *rows]
    assert read_csv(write_csv(rows)) == rows


@given(CELL)
def test_no_text_is_written_as_a_formula(text: str) -> None:
    assert not guard(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
