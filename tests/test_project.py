"""The project's own files agree: dependencies and their locks, README, entry points, what a wheel holds."""

from __future__ import annotations

import ast
import re
import shlex
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import click
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from xzdesk import paths
from xzdesk.cli import main as command_line

ROOT: Final = Path(__file__).parent.parent
PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUN: Final = [Requirement(text) for text in PROJECT["project"]["dependencies"]]
DEV: Final = [Requirement(text) for text in PROJECT["project"]["optional-dependencies"]["dev"]]
README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
IMPORTED_AS: Final = {"pyside6-essentials": "PySide6", "pynacl": "nacl"}
"""Distributions whose module has another name; elsewhere ``-`` becomes ``_``."""
WAITING: Final = {"PySide6", "pyqtgraph", "pandas", "openpyxl", "defusedxml"}
"""Declared for the window and the reports, which are not there yet (docs/dependencies.md)."""


def module_of(requirement: Requirement) -> str:
    name = canonicalize_name(requirement.name)
    return IMPORTED_AS.get(name, name.replace("-", "_"))


def locked(name: str) -> dict[str, set[str]]:
    """The versions by distribution (one that differs between systems may have several)."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines():
        if match := re.match(r"([a-z0-9-]+)==([^ ;]+)", line):
            found.setdefault(match[1], set()).add(match[2])
    return found


def imported(folder: str) -> set[str]:
    """Top-level modules, other than the standard library's and our own, that are imported below ``folder``."""
    found = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add(str(node.module).partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"xzdesk", "tests"}


def test_what_the_program_imports_is_declared_and_what_is_declared_is_imported() -> None:
    declared = {module_of(requirement) for requirement in RUN}
    assert imported("xzdesk") == declared - WAITING
    assert declared >= WAITING


def test_what_the_tests_import_is_declared() -> None:
    """``packaging`` comes with pytest, which is made of it."""
    assert imported("tests") <= {module_of(requirement) for requirement in [*RUN, *DEV]} | {"packaging"}


def test_every_dependency_is_explained() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").lower()
    assert [r.name for r in RUN if f"\n| {r.name.lower()} " not in text] == []
    assert [
        r.name for r in DEV if r.name.lower() not in text and "stubs" not in r.name and "types-" not in r.name
    ] == []


@pytest.mark.parametrize(("lock", "requirements"), [("run.txt", RUN), ("dev.txt", [*RUN, *DEV])])
def test_the_lock_holds_what_is_declared(lock: str, requirements: list[Requirement]) -> None:
    versions = locked(lock)
    for requirement in requirements:
        held = versions[canonicalize_name(requirement.name)]
        assert all(requirement.specifier.contains(version) for version in held), requirement


def test_development_has_the_same_versions_and_more() -> None:
    run, dev = locked("run.txt"), locked("dev.txt")
    assert {name: dev[name] for name in run} == run


@pytest.mark.parametrize("lock", ["run.txt", "dev.txt"])
def test_a_lock_names_versions_and_hashes_and_no_host(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    pinned = r"[a-z0-9-]+==[a-z0-9.]+( ; [a-z_]+ [!=<>]+ '[A-Za-z0-9.]+'( and [^/:]+)?)? \\"
    hashed = r"    --hash=sha256:[0-9a-f]{64}( \\)?"
    assert [line for line in text.splitlines() if not re.fullmatch(f"{pinned}|{hashed}", line)] == []


@pytest.mark.parametrize("name", ["xzdesk", "xzdesk-cli"])
def test_the_entry_points_are_there(name: str) -> None:
    scripts = PROJECT["project"]["scripts"] | PROJECT["project"]["gui-scripts"]
    module, _, function = scripts[name].partition(":")
    assert callable(getattr(import_module(module), function))


def test_a_wheel_holds_every_module_and_every_data_file() -> None:
    setuptools = PROJECT["tool"]["setuptools"]
    modules = {path.parent for path in (ROOT / "xzdesk").rglob("*.py")}
    data = {path.parent for path in (ROOT / "db").rglob("*") if path.is_file() and path.parent != ROOT / "db"}
    names = {".".join(folder.relative_to(ROOT).parts) for folder in modules}
    names |= {".".join(("xzdesk", *folder.relative_to(ROOT).parts)) for folder in data}
    assert set(setuptools["packages"]) == names
    kinds = {f"*{path.suffix}" for folder in data for path in folder.iterdir() if path.is_file()}
    assert set(setuptools["package-data"]["*"]) == kinds


def test_the_program_finds_its_files_beside_or_inside_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "xzdesk"
    package.mkdir()
    monkeypatch.setattr(paths, "__file__", str(package / "paths.py"))
    assert paths.seed("some") == tmp_path / "db" / "seed" / "some"
    (package / "db").mkdir()
    assert paths.seed("some") == package / "db" / "seed" / "some"
    assert paths.migrations() == package / "db" / "migrations"
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path / "frozen"), raising=False)
    assert paths.migrations() == tmp_path / "frozen" / "db" / "migrations"


def readme_commands() -> list[str]:
    return re.findall(r"^    (python3 dev\.py .*?)(?: +#.*)?$", README, re.MULTILINE)


def test_ci_runs_the_readmes_test_command_and_lint() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    run = [line for line in lines if line.startswith("python")]
    assert run == ["python3 dev.py test", "python3 dev.py lint"]
    assert "python3 dev.py test" in readme_commands()


def test_what_the_readme_says_can_be_typed() -> None:
    commands = [shlex.split(line)[2:] for line in readme_commands()]
    assert [words[0] for words in commands] == ["demo", "test", "run", "run"]
    for words in commands:
        if words[0] == "run" and words[1:] != ["--help"]:
            command = command_line.program.get_command(click.Context(command_line.program), words[1])
            assert command is not None
            with command.make_context(words[1], words[2:]) as context:
                assert context.params


def test_the_readme_leads_through_every_command() -> None:
    table = README.partition("| step")[2].partition("\n\n")[0]
    named = {word for cell in re.findall(r"`([^`]+)`", table) for word in [cell.split()[0]]}
    assert named == set(command_line.COMMANDS) - {"demo"}


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda page: page.name
)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_no_file_names_a_registry_or_a_place_on_somebodys_machine() -> None:
    odd = re.compile(r"pypi\.|pythonhosted|index-url|(?<![\w.])/(home|root|work|Users)/")
    own = [ROOT / name for name in ("xzdesk", "tests", "docs", "db", "requirements", ".ci")]
    files = [path for folder in own for path in folder.rglob("*") if path.suffix not in (".pyc", ".xzpkg")]
    files = [path for path in [*files, *ROOT.glob("*.*")] if path.is_file() and path != Path(__file__)]
    assert [path.name for path in files if odd.search(path.read_bytes().decode("utf-8", "replace"))] == []
