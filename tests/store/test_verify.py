"""The workspace checked against itself."""

import hashlib

import pytest

from xzdesk.core.errors import UserError
from xzdesk.core.model import Catalogue, CellRef, DataValue
from xzdesk.core.periods import Period
from xzdesk.store import attachments, connect, journal, packages, quarantine, snapshots, values, verify
from xzdesk.store.connect import Workspace
from xzdesk.store.packages import Direction, PackageKind, PackageStatus

MANIFEST = '{"kind":"submission"}'
ID = hashlib.sha256(MANIFEST.encode()).hexdigest()


@pytest.fixture
def filled(office: Workspace, tiny: Catalogue) -> Workspace:
    with office.transaction("接收"):
        packages.record(
            office, id=ID, direction=Direction.IN, kind=PackageKind.SUBMISSION, unit="990101101", epoch=1, sequence=1,
            previous="", period=None, status=PackageStatus.ACCEPTED, manifest=MANIFEST, content=b"sealed",
        )  # fmt: skip
        packages.advance(office, "990101101", Direction.IN, 1, 1, ID)
        quarantine.add(office, ID, [("values.csv", 2, ["a"], "不是数")])
        digest = attachments.keep(office, b"\xff\xd8\xff")
        attachments.use(office, [attachments.Use(attachments.RowRef("well", "w1"), digest, "验收")])
        snapshots.add(office, Period.month(2026, 3), {"a": 1})
        cell = CellRef("990101101201", "households", Period.month(2026, 3))
        values.write(office, tiny, {cell: DataValue.of(598)})
    return office


def test_a_sound_workspace_has_no_faults(filled: Workspace) -> None:
    verified = verify.verify(filled)
    assert verified == verify.Verified(len(journal.links(filled)), journal.head(filled), ())


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("DELETE FROM package", "数据包"),
        ("DELETE FROM attachment", "照片"),
        ("UPDATE attachment SET content = x'FFD8FF00'", "照片与登记的校验值不符"),
        ("UPDATE package SET manifest = CAST('{}' AS BLOB)", "数据包清单"),
        ("UPDATE snapshot SET content = CAST('{}' AS BLOB)", "定版"),
        ("UPDATE catalogue SET digest = 'x'", "指标目录"),
    ],
)
def test_what_does_not_fit_together_is_told(filled: Workspace, damage: str, words: str) -> None:
    with filled.transaction("坏"):
        assert filled.db.conn.execute(damage).rowcount > 0
    assert words in "；".join(verify.verify(filled).faults)


def test_a_changed_history_is_refused(filled: Workspace) -> None:
    filled.db.conn.execute("UPDATE journal SET after = replace(after, '598', '599')")
    with pytest.raises(UserError) as caught:
        verify.verify(filled)
    assert caught.value.code == "journal.broken"


def test_a_damaged_page_is_refused(filled: Workspace) -> None:
    filled.close()
    data = bytearray(filled.path.read_bytes())
    data[-2000] ^= 1
    filled.path.write_bytes(data)
    with (
        connect.Workspace(filled.path, filled.data_key, filled.user, read_only=True) as ws,
        pytest.raises(UserError) as caught,
    ):
        verify.verify(ws)
    assert caught.value.code == "workspace.damaged"
