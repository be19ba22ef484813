"""The write-ahead log has its length before the first save, and no save makes it longer; it is gone at the end."""

from pathlib import Path

from xzdesk.store import connect

PASSPHRASE = "油菜花 三月 河埠头"
PUT = """
INSERT INTO data_value VALUES ('served', '330411103200', '2026-10', 'value', ?, NULL)
ON CONFLICT DO UPDATE SET number = excluded.number
"""


def test_saves_write_over_what_is_there_and_all_of_them_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "镇.xzdb-wal"
    connect.create(tmp_path / "镇.xzdb", user="王会计", passphrase=PASSPHRASE, meta={}).close()
    with connect.open_workspace(tmp_path / "镇.xzdb", None, PASSPHRASE) as ws:
        assert log.stat().st_size == connect.LOG_BYTES
        for number in range(400):
            with ws.transaction("填报"):
                ws.db.conn.execute(PUT, (number,))
        assert log.stat().st_size == connect.LOG_BYTES
    assert not log.exists()
    with connect.open_workspace(tmp_path / "镇.xzdb", None, PASSPHRASE) as again:
        assert again.db.conn.execute("SELECT number FROM data_value").fetchall() == [(399,)]


def test_a_log_left_by_a_crash_is_read_and_lengthened(tmp_path: Path) -> None:
    """A copy taken while the workspace is open is what a power cut leaves."""
    left = tmp_path / "断电"
    left.mkdir()
    with connect.create(tmp_path / "镇.xzdb", user="王会计", passphrase=PASSPHRASE, meta={}) as ws:
        with ws.transaction("填报"):
            ws.db.conn.execute(PUT, (7,))
        for name in ("镇.xzdb", "镇.xzdb-wal", "镇.xzdb.keys"):
            (left / name).write_bytes((tmp_path / name).read_bytes())
    log = left / "镇.xzdb-wal"
    log.write_bytes(log.read_bytes().rstrip(b"\0"))
    with connect.open_workspace(left / "镇.xzdb", None, PASSPHRASE) as again:
        assert again.db.conn.execute("SELECT number FROM data_value").fetchall() == [(7,)]
        assert log.stat().st_size == connect.LOG_BYTES
        with again.transaction("填报"):
            again.db.conn.execute(PUT, (8,))
    with connect.open_workspace(left / "镇.xzdb", None, PASSPHRASE) as again:
        assert again.db.conn.execute("SELECT number FROM data_value").fetchall() == [(8,)]
