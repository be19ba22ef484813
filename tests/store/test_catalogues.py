"""Catalogues in force: the newest version, whole, and never one that would misread what is stored."""

from pathlib import Path

import pytest

from xzdesk.core.catalogue import parse
from xzdesk.core.errors import UserError
from xzdesk.core.model import Catalogue
from xzdesk.store import catalogues, connect, journal
from xzdesk.store.connect import Workspace

PASSPHRASE = "油菜花 三月 河埠头"


def changed(files: dict[str, str], file: str, old: str, new: str, version: int) -> Catalogue:
    assert old in files[file]
    texts = dict(files)
    texts[file] = texts[file].replace(old, new, 1)
    texts["catalogue.toml"] = texts["catalogue.toml"].replace("version = 3", f"version = {version}")
    return parse(texts)


def test_the_catalogue_comes_back_as_it_was_installed(office: Workspace, tiny: Catalogue) -> None:
    assert catalogues.current(office) == tiny
    assert catalogues.digest(office) == tiny.digest
    assert catalogues.current(office) is catalogues.current(office)


def test_a_workspace_without_a_catalogue_says_so(tmp_path: Path) -> None:
    with connect.create(tmp_path / "村.xzdb", user="王会计", passphrase=PASSPHRASE, meta={}) as ws:
        assert catalogues.digest(ws) == ""
        with pytest.raises(UserError) as caught:
            catalogues.current(ws)
        assert caught.value.code == "catalogue.none"


def test_a_newer_version_takes_its_place_and_undo_brings_the_old_one_back(
    office: Workspace, tiny: Catalogue, tiny_files: dict[str, str]
) -> None:
    newer = changed(tiny_files, "units.csv", "旧溪村", "老溪村", 4)
    with office.transaction("任务"):
        assert catalogues.install(office, newer)
    assert catalogues.current(office) == newer
    assert catalogues.digests(office) == {tiny.digest, newer.digest}
    with office.transaction("撤销"):
        journal.undo(office, journal.links(office)[0].link)
    assert catalogues.current(office) == tiny


def test_the_same_again_changes_nothing(office: Workspace, tiny: Catalogue) -> None:
    head = journal.head(office)
    with office.transaction("任务"):
        assert not catalogues.install(office, tiny)
    assert journal.head(office) == head


@pytest.mark.parametrize("version", [2, 3])
def test_a_change_without_a_higher_version_is_refused(
    office: Workspace, tiny: Catalogue, tiny_files: dict[str, str], version: int
) -> None:
    other = changed(tiny_files, "units.csv", "旧溪村", "老溪村", version)
    with pytest.raises(UserError) as caught, office.transaction("任务"):
        catalogues.install(office, other)
    assert caught.value.code == "catalogue.older"
    assert catalogues.current(office) == tiny


def test_decimals_of_what_is_stored_never_change(office: Workspace, tiny_files: dict[str, str]) -> None:
    line = next(line for line in tiny_files["elements.csv"].splitlines() if line.startswith("income,"))
    finer = changed(tiny_files, "elements.csv", line, line.replace(",decimal,2,", ",decimal,3,"), 4)
    with pytest.raises(UserError) as caught, office.transaction("任务"):
        catalogues.install(office, finer)
    assert caught.value.code == "catalogue.decimals"
    assert "income" in caught.value.message


def test_another_districts_catalogue_is_refused(office: Workspace, tiny_files: dict[str, str]) -> None:
    other = changed(tiny_files, "catalogue.toml", 'id = "yunxi"', 'id = "lanxi"', 4)
    with pytest.raises(UserError) as caught, office.transaction("任务"):
        catalogues.install(office, other)
    assert caught.value.code == "catalogue.other_district"
