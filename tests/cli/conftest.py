"""The program as its users run it: one command line at a time, in a folder with the offices' workspaces and a stick."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from xzdesk import paths
from xzdesk.cli import main
from xzdesk.core.model import CellRef, DataValue, Level
from xzdesk.core.periods import Period
from xzdesk.services import check, record
from xzdesk.services.session import open_session
from xzdesk.store import keyslots

TINY = Path(__file__).parents[1] / "data" / "tiny"
MONTH = "2024-01"
TOWN, VILLAGE = "990101101", "990101101201"
PASSPHRASES = {
    "王主任": "油菜花 三月 河埠头",
    "赵科长": "水杉林 四月 码头边",
    "李会计": "石板桥 五月 荷花塘",
    "张站长": "晒谷场 六月 老樟树",
}
HEADS = {"区": "王主任", "镇": "李会计"}
REVIEWERS = {"区": "赵科长", "镇": "张站长"}
SECRETS = {
    "passphrase": "XZDESK_PASSPHRASE_FILE",
    "new": "XZDESK_NEW_PASSPHRASE_FILE",
    "reviewer": "XZDESK_REVIEWER_PASSPHRASE_FILE",
    "recovery": "XZDESK_RECOVERY_FILE",
}


@dataclass(frozen=True)
class Answer:
    """What one command line ended with."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, str]:
        found: dict[str, str] = self.json["error"]
        return found


@dataclass
class Desk:
    """Runs command lines in ``folder``."""

    folder: Path

    @property
    def stick(self) -> Path:
        path = self.folder / "U盘"
        path.mkdir(exist_ok=True)
        return path

    def path(self, office: str) -> Path:
        return self.folder / f"{office}.xzdb"

    def raw(self, *words: str | Path, stdin: str = "", secrets: Mapping[str, str] | None = None) -> Answer:
        """A command line as it stands; ``secrets`` go into files that the environment names."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.ExitStack() as stack:
            stack.enter_context(contextlib.redirect_stdout(out))
            stack.enter_context(contextlib.redirect_stderr(err))
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            patch.setattr(sys, "stdin", io.StringIO(stdin))
            for name, secret in (secrets or {}).items():
                file = self.folder / f"{name}.txt"
                file.write_text(f"{secret}\n", encoding="utf-8")
                patch.setenv(SECRETS[name], str(file))
            status = main.main([str(word) for word in words])
        return Answer(status, out.getvalue(), err.getvalue())

    def run(self, office: str, *words: str | Path, stdin: str = "", **secrets: str) -> Answer:
        """A command on an office's workspace, by its head."""
        held = {"passphrase": PASSPHRASES[HEADS[office]], **secrets}
        return self.raw(*words, "-w", self.path(office), stdin=stdin, secrets=held)

    def done(self, office: str, *words: str | Path, stdin: str = "", **secrets: str) -> Answer:
        """As ``run``, and it must have been done."""
        answer = self.run(office, *words, stdin=stdin, **secrets)
        assert answer.status == 0, answer
        return answer

    def submit(self, month: str = MONTH) -> Path:
        """Hand the town's month in; the file on the stick."""
        answer = self.done(
            "镇", "submit", month, "--reviewer", "张站长", "--to", self.stick, "--json", reviewer=PASSPHRASES["张站长"]
        )
        return Path(answer.json["packages"][0]["path"])


@pytest.fixture(autouse=True)
def _own_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test writes to the user's own folder, or reads the user's environment."""
    monkeypatch.setattr(paths, "user_data", lambda: tmp_path)
    for name in [*SECRETS.values(), "XZDESK_WORKSPACE", "XZDESK_CODE_FILE", "XZDESK_NUMBER_FILE"]:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session", autouse=True)
def _cheap_stretching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Argon2id at its least: what a passphrase costs is no matter of these tests. The log is nobody's own."""
    log = tmp_path_factory.mktemp("log")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "user_data", lambda: log)
        patch.setattr(keyslots, "MEMORY", 64 * 1024)
        patch.setattr(keyslots, "PASSES", 1)
        yield


@pytest.fixture
def empty(tmp_path: Path) -> Desk:
    """No workspace yet."""
    return Desk(tmp_path)


@pytest.fixture(scope="session")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a district and a town that trust each other, made by command lines alone."""
    desk = Desk(tmp_path_factory.mktemp("offices"))
    made = desk.done("区", "init", "--user", "王主任", "--catalogue", TINY, "--json")
    paper = " ".join(made.json["recovery"]["groups"])
    desk.done("区", "recover", "--prove", recovery=paper)
    desk.done("区", "users", "--add", "赵科长", "--role", "复核人", new=PASSPHRASES["赵科长"])
    invited = desk.done("区", "invite", "临溪镇", "--to", desk.stick, "--json").json["invitations"][0]
    enrolling = ("enrol", invited["file"], "-u", "李会计", "--to", desk.stick, "--json")
    answer = desk.done("镇", *enrolling, stdin=f"{invited['code']}\n").json
    desk.done("镇", "users", "--add", "张站长", "--role", "复核人", new=PASSPHRASES["张站长"])
    assert desk.done("区", "import", answer["reply"], "--json").json["packages"][0]["status"] == "accepted"
    desk.done("区", "trust", "临溪镇", "--number", answer["number"])
    (desk.folder / "恢复密钥.txt").write_text(paper, encoding="utf-8")
    shutil.rmtree(desk.stick)
    shutil.rmtree(desk.folder / "备份")
    return desk.folder


@pytest.fixture
def desk(enrolled: Path, tmp_path: Path) -> Desk:
    """A copy of ``enrolled`` for one test."""
    for file in enrolled.iterdir():
        shutil.copy(file, tmp_path / file.name)
    return Desk(tmp_path)


def fill_in(town: Path, month: str) -> None:
    """All that ``month`` asks of the town whose workspace is at ``town``."""
    with open_session(town, None, PASSPHRASES["李会计"]) as session:
        numbers = {"households": 300, "residents": 30_000, "assets": 900, "income": 20}
        changes: dict[CellRef, DataValue | None] = {}
        for ref in check.asked_cells(session, session.units, Period.parse(month)):
            element = session.catalogue.elements[ref.element]
            content = numbers.get(element.code, 3) if element.numeric else element.choices[0][0]
            changes[ref] = DataValue.of(content)
        record.record_cells(session, changes)
        assert session.level is Level.TOWN


@pytest.fixture(scope="session")
def filled(enrolled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As ``enrolled``, and the town has filled in all that 2024-01 asks."""
    folder = tmp_path_factory.mktemp("filled")
    shutil.copytree(enrolled, folder, dirs_exist_ok=True)
    fill_in(folder / "镇.xzdb", MONTH)
    return folder


@pytest.fixture
def month(filled: Path, tmp_path: Path) -> Desk:
    """A copy of ``filled`` for one test: ready to be handed in."""
    for file in filled.iterdir():
        shutil.copy(file, tmp_path / file.name)
    return Desk(tmp_path)


@pytest.fixture
def read_only() -> Iterator[Any]:
    """Makes a folder read-only; it can be removed again afterwards."""
    changed: list[Path] = []

    def make(folder: Path) -> None:
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            pytest.skip("root may write everywhere")
        changed.append(folder)
        folder.chmod(0o500)

    yield make
    for folder in changed:
        folder.chmod(0o700)
