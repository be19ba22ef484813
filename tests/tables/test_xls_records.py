"""Old .xls files, built here record by record: measured before the library sees them."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xzdesk.core.errors import UserError
from xzdesk.tables import xls_records
from xzdesk.tables.reader import read_table
from xzdesk.tables.table import Sheet

SECTOR = 512
END, FREE, TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def begin(kind: int) -> bytes:
    return record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))


def text(content: str) -> bytes:
    return struct.pack("<HB", len(content), 1) + content.encode("utf-16-le")


def number(row: int, column: int, value: float) -> bytes:
    return record(0x203, struct.pack("<HHHd", row, column, 0, value))


def label(row: int, column: int, shared: int) -> bytes:
    return record(0xFD, struct.pack("<HHHI", row, column, 0, shared))


def dimension(rows: int, columns: int) -> bytes:
    return record(0x200, struct.pack("<IIHHH", 0, rows, 0, columns, 0))


def stream(cells: bytes, texts: tuple[str, ...] = (), claimed: tuple[int, int] = (2, 2)) -> bytes:
    shared = record(0xFC, struct.pack("<II", len(texts), len(texts)) + b"".join(map(text, texts))) if texts else b""
    name = "月报".encode("utf-16-le")

    def globals_of(place: int) -> bytes:
        sheet = record(0x85, struct.pack("<IBBBB", place, 0, 0, 2, 1) + name)
        return begin(5) + sheet + shared + record(0x0A)

    place = len(globals_of(0))
    return globals_of(place) + begin(0x10) + dimension(*claimed) + cells + record(0x0A)


def ole(content: bytes, name: str = "Workbook") -> bytes:
    """A compound file: sector 0 the allocation table, 1 the directory, then the stream."""
    content = content.ljust(max(4096, -(-len(content) // SECTOR) * SECTOR), b"\0")
    sectors = len(content) // SECTOR
    table = [TABLE, END, *range(3, sectors + 2), END]
    table += [FREE] * (SECTOR // 4 - len(table))
    head = xls_records.MAGIC + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, END, 0, END, 0)
    head += struct.pack("<109I", 0, *[FREE] * 108)
    entries = b"".join(
        (
            title.encode("utf-16-le").ljust(64, b"\0")
            + struct.pack("<HBBIII", 2 * len(title) + 2, kind, 1, FREE, FREE, child)
            + bytes(36)
            + struct.pack("<IQ", start, size)
        )
        for title, kind, child, start, size in (
            ("Root Entry", 5, 1, END, 0),
            (name, 2, FREE, 2, len(content)),
        )
    )
    return head + struct.pack("<128I", *table) + entries.ljust(SECTOR, b"\0") + content


def test_an_old_workbook_is_read() -> None:
    cells = label(0, 0, 0) + label(0, 1, 1) + number(1, 1, 598)
    table = read_table(ole(stream(cells, ("村", "户数"))), "月报.xls")
    assert (table.kind, table.sheets) == ("xls", (Sheet("月报", [["村", "户数"], ["", 598.0]]),))


def refused(data: bytes) -> str:
    with pytest.raises(UserError) as caught:
        read_table(data, "月报.xls")
    return caught.value.code


def test_far_cells_claims_and_circles_are_refused() -> None:
    assert refused(ole(stream(number(0, 300, 1)))) == "table.too_large"
    assert refused(ole(stream(b"", claimed=(65_536, 256)))) == "table.too_large"
    assert refused(ole(stream(number(60_000, 255, 1)))) == "table.too_large"
    circle = bytearray(ole(stream(number(0, 0, 1))))
    struct.pack_into("<I", circle, SECTOR + 4 * 3, 2)  # the third sector leads back to the second
    assert refused(bytes(circle)) == "table.damaged"


def test_shared_texts_count_at_each_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    data = ole(stream(b"".join(label(row, 0, 0) for row in range(10)), ("长" * 100,), (10, 1)))
    monkeypatch.setattr(xls_records, "MAX_TEXT", 10)
    facts = xls_records.measure(data)
    assert facts.text - 1000 == 4096
    assert (facts.cells, facts.area) == (10, 10)


def test_a_locked_old_workbook_asks_to_be_unlocked() -> None:
    assert refused(ole(begin(5) + record(0x2F, bytes(6)) + record(0x0A))) == "table.password"
    assert refused(ole(b"", "EncryptedPackage")) == "table.password"


def test_a_document_of_another_program_is_said_to_be_none() -> None:
    assert refused(ole(b"", "WordDocument")) == "table.damaged"


@given(st.integers(0, 4096 + 3 * SECTOR - 1), st.integers(0, 255))
@settings(max_examples=150, deadline=None)
def test_no_changed_byte_ends_the_program(place: int, value: int) -> None:
    data = bytearray(ole(stream(label(0, 0, 0) + number(1, 1, 598), ("村",))))
    data[place] = value
    try:
        outcome = read_table(bytes(data), "月报.xls").kind
    except UserError as error:
        outcome = error.code
    assert outcome in ("xls", "csv") or outcome.startswith("table.")
