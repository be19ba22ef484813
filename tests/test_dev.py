"""dev.py tells in one line what is missing, has the one command for Debian, and starts at once when set up."""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
Command = list[str]


class Machine:
    """What dev.py would do to this machine: the commands it runs, each with its exit status."""

    def __init__(self) -> None:
        self.quiet: list[Command] = []
        self.called: list[tuple[Command, str]] = []
        self.failing: set[str] = set()

    def quietly(self, command: Command, aloud: bool = True) -> int:
        self.quiet.append(command)
        if command[1:3] == ["-m", "venv"]:
            Path(command[3]).mkdir()
        return int(bool(self.failing & set(command)))

    def call(self, command: Command, folder: str) -> int:
        self.called.append((command, folder))
        return 0

    @property
    def installed(self) -> list[Command]:
        return [command for command in self.quiet if "install" in command]


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def dev(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """dev.py on a machine without an environment, not a Debian one, on which nothing is really run."""
    spec = importlib.util.spec_from_file_location("dev", ROOT / "dev.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "VENV", str(tmp_path / ".venv"))
    monkeypatch.setattr(module, "PYTHON", str(tmp_path / ".venv" / "python"))
    monkeypatch.setattr(module, "quietly", machine.quietly)
    monkeypatch.setattr(module, "call", lambda command, folder=module.ROOT: machine.call(command, folder))
    monkeypatch.setattr(module, "can_make_environments", lambda: True)
    monkeypatch.setattr(module.shutil, "which", lambda _: None)
    return module


def debian(dev: ModuleType, monkeypatch: pytest.MonkeyPatch, *, user: int, venv: bool = True) -> None:
    """Debian with two system packages missing, for the user with this number."""
    monkeypatch.setattr(dev.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(dev.os, "geteuid", lambda: user, raising=False)
    monkeypatch.setattr(dev, "can_make_environments", lambda: venv)
    monkeypatch.setattr(dev, "SYSTEM", [("libgl1", "/nowhere/a"), ("here", str(ROOT)), ("age", "/nowhere/b")])


def say(dev: ModuleType, monkeypatch: pytest.MonkeyPatch, *words: str) -> object:
    monkeypatch.setattr(sys, "argv", ["dev.py", *words])
    return dev.main()


def test_an_old_python_gets_one_line(dev: ModuleType, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 14, "final", 0))
    assert say(dev, monkeypatch, "test") == "需要 Python 3.11 或更新的版本，现在是 3.10。"
    assert (machine.quiet, machine.called) == ([], [])


def test_an_old_python_can_read_it() -> None:
    ast.parse((ROOT / "dev.py").read_text(encoding="utf-8"), feature_version=(3, 5))


def test_a_python_without_venv_gets_one_line(
    dev: ModuleType, machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "can_make_environments", lambda: False)
    said = say(dev, monkeypatch, "demo")
    assert said == "这个 Python 缺少 venv 或 ensurepip，请换用带有它们的 Python 3.11 或更新的版本。"
    assert (machine.quiet, machine.called, capsys.readouterr().err) == ([], [], "")


def test_on_debian_without_venv_the_one_line_is_the_command(
    dev: ModuleType, machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    debian(dev, monkeypatch, user=1000, venv=False)
    said = say(dev, monkeypatch, "demo")
    command = "sudo apt-get install -y --no-install-recommends python3-venv libgl1 age"
    assert said == f"缺少系统软件包，请运行： {command}"
    assert (machine.quiet, machine.called, capsys.readouterr().err) == ([], [], "")


def test_on_debian_others_than_root_are_told_the_one_command_and_go_on(
    dev: ModuleType, machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    debian(dev, monkeypatch, user=1000)
    assert say(dev, monkeypatch, "demo") == 0
    told = [line for line in capsys.readouterr().err.splitlines() if "apt-get" in line]
    assert told == ["缺少系统软件包，请运行： sudo apt-get install -y --no-install-recommends libgl1 age"]
    assert not any("apt-get" in command for command in machine.quiet)
    assert len(machine.called) == 1


def test_on_debian_root_gets_what_is_missing(
    dev: ModuleType, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    debian(dev, monkeypatch, user=0)
    assert say(dev, monkeypatch, "setup") == 0
    update, install, *_ = machine.quiet
    assert update == ["apt-get", "update"]
    assert install == ["apt-get", "install", "-y", "--no-install-recommends", "libgl1", "age"]


def test_system_packages_that_cannot_be_had_stop_nothing_else(
    dev: ModuleType, machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    debian(dev, monkeypatch, user=0)
    machine.failing = {"update"}
    assert say(dev, monkeypatch, "demo") == 0
    assert "apt-get install -y --no-install-recommends libgl1 age" in capsys.readouterr().err
    assert len(machine.called) == 1


def test_the_second_call_starts_at_once(dev: ModuleType, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert say(dev, monkeypatch, "test", "tests/core") == 0
    assert [command[-1] for command in machine.installed] == [str(Path(dev.ROOT) / "requirements/dev.txt")]
    machine.quiet.clear()
    assert say(dev, monkeypatch, "test", "tests/core") == 0
    # What development needs is what running needs, and more.
    assert say(dev, monkeypatch, "run", "--help") == 0
    assert machine.quiet == []
    assert [command[1:] for command, _ in machine.called] == [
        ["-m", "pytest", "tests/core"],
        ["-m", "pytest", "tests/core"],
        ["-m", "xzdesk", "--help"],
    ]


def test_the_program_alone_needs_no_tools_of_development(
    dev: ModuleType, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert say(dev, monkeypatch, "demo") == 0
    assert say(dev, monkeypatch, "setup") == 0
    assert [Path(command[-1]).name for command in machine.installed] == ["run.txt", "dev.txt"]
    assert all("--require-hashes" in command for command in machine.installed)


def test_other_locks_are_installed_anew(
    dev: ModuleType, machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "run.txt"
    monkeypatch.setattr(dev, "LOCKS", {"run": str(lock), "dev": str(ROOT / "requirements/dev.txt")})
    for content in ("one", "one", "two"):
        lock.write_text(content, encoding="ascii")
        assert say(dev, monkeypatch, "demo") == 0
    assert len(machine.installed) == 2


def test_an_installation_that_failed_is_done_again(
    dev: ModuleType, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.failing = {"--require-hashes"}
    assert say(dev, monkeypatch, "demo") == 1
    machine.failing = set()
    assert say(dev, monkeypatch, "demo") == 0
    assert len(machine.installed) == 2
    assert len(machine.called) == 1


def test_paths_on_the_command_line_begin_where_the_user_stands(
    dev: ModuleType, machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert say(dev, monkeypatch, "demo", "--dir", "演示") == 0
    assert machine.called == [([dev.PYTHON, "-m", "xzdesk", "demo", "--dir", "演示"], str(tmp_path))]


def test_lint_stops_at_the_first_check_that_fails(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    def call(command: Command) -> int:
        said.append(Path(command[0]).name)
        return 3 if command[0].endswith("mypy") else 0

    monkeypatch.setattr(dev, "call", call)
    assert say(dev, monkeypatch, "lint") == 3
    assert said == ["ruff", "ruff", "mypy"]


@pytest.mark.parametrize(("words", "status"), [((), 2), (("fly",), 2), (("--help",), 0)])
def test_an_unknown_command_lists_the_known_ones(
    words: tuple[str, ...], status: int, dev: ModuleType, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert say(dev, monkeypatch, *words) == status
    assert "setup | demo | run | test | lint | bench" in capsys.readouterr().out
