"""Bringing a catalogue's texts from a folder."""

import shutil
from pathlib import Path

import pytest

from xzdesk.core.catalogue import CatalogueError
from xzdesk.core.errors import UserError
from xzdesk.core.model import Catalogue
from xzdesk.services import catalogue_files
from xzdesk.services.catalogue_files import load, read_folder

TINY = Path(__file__).parent.parent / "data" / "tiny"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TINY, tmp_path / "目录"))


def test_a_folder_is_loaded(folder: Path, tiny: Catalogue) -> None:
    assert load(folder) == tiny


def test_names_have_slashes_and_other_files_are_left_alone(folder: Path) -> None:
    (folder / "说明.txt").write_text("不读", encoding="utf-8")
    (folder / "sub.csv").mkdir()
    names = set(read_folder(folder))
    assert "registers/well.json" in names
    assert not names & {"说明.txt", "sub.csv"}


def test_a_copy_from_windows_has_the_same_digest(folder: Path, tiny: Catalogue) -> None:
    for path in folder.rglob("*.csv"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert load(folder).digest == tiny.digest


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "rules.csv").unlink()
    (folder / "units.csv").unlink()
    with pytest.raises(CatalogueError) as caught:
        load(folder)
    assert [(fault.file, fault.text) for fault in caught.value.faults] == [
        ("rules.csv", "缺少这个文件"),
        ("units.csv", "缺少这个文件"),
    ]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="找不到指标目录的文件夹“没有”") as caught:
        read_folder(tmp_path / "没有")
    assert caught.value.code == "catalogue.missing_folder"


def test_another_encoding_is_named_with_its_line(folder: Path) -> None:
    path = folder / "units.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
    with pytest.raises(UserError, match=r"units\.csv 第 2 行不是 UTF-8 编码") as caught:
        read_folder(folder)
    assert caught.value.code == "catalogue.unreadable"


def test_a_file_that_is_too_large_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue_files, "MAX_FILE", 10_000)
    (folder / "rules.csv").write_bytes(b"x" * 10_001)
    with pytest.raises(UserError, match=r"rules\.csv 过大"):
        read_folder(folder)


@pytest.mark.parametrize("limit", ["MAX_ENTRIES", "MAX_FILES"])
def test_a_folder_full_of_other_things_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(catalogue_files, limit, 5)
    with pytest.raises(UserError, match="文件过多"):
        read_folder(folder)


def test_a_file_that_cannot_be_read_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object, **__: object) -> str:
        raise PermissionError(13, "denied")

    monkeypatch.setattr(Path, "read_text", denied)
    with pytest.raises(UserError, match=r"catalogue\.toml 读不出来"):
        read_folder(folder)
