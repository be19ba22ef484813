"""What the store's tests share: an office's workspace with the small district's catalogue."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from xzdesk.core.model import Catalogue
from xzdesk.store import catalogues, connect, keyslots

PASSPHRASE = "油菜花 三月 河埠头"
TOWN = "990101101"


@pytest.fixture(autouse=True)
def _cheap_stretching(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id at its least: what a passphrase costs is no matter of these tests."""
    monkeypatch.setattr(keyslots, "MEMORY", 64 * 1024)
    monkeypatch.setattr(keyslots, "PASSES", 1)


@pytest.fixture
def office(tmp_path: Path, tiny: Catalogue) -> Iterator[connect.Workspace]:
    """临溪镇, with the catalogue in force and the head 王会计."""
    with connect.create(tmp_path / "镇.xzdb", user="王会计", passphrase=PASSPHRASE, meta={"office": TOWN}) as workspace:
        with workspace.transaction("目录"):
            catalogues.install(workspace, tiny)
        yield workspace
