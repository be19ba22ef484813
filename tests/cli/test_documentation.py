"""docs/cli.md names every command with its options, and every example in it and in the help can be typed as it is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from xzdesk.cli import frame, main

DOCUMENT = Path(__file__).parents[2] / "docs" / "cli.md"
COMMON = {"--workspace", "--user", "--json", "--help"}
HERE = sorted(name for name, module in main.COMMANDS.items() if (Path(main.__file__).parent / f"{module}.py").is_file())


def sections() -> dict[str, list[str]]:
    """The lines under each command's heading."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        if line.startswith("### "):
            lines = found[line.removeprefix("### ").strip("`")] = []
        elif line.startswith("## "):
            lines = []
        elif line:
            lines.append(line)
    return found


def command(name: str) -> click.Command:
    found = main.program.get_command(click.Context(main.program), name)
    assert found is not None
    return found


def examples(lines: list[str]) -> list[str]:
    return [line.strip() for line in lines if line.startswith("    xzdesk-cli ")]


def test_the_document_names_the_commands_in_their_order() -> None:
    assert list(sections()) == list(main.COMMANDS)


@pytest.mark.parametrize("name", main.COMMANDS)
def test_each_command_has_both_languages_and_an_example(name: str) -> None:
    chinese, english, *_ = sections()[name]
    assert chinese == main.SUMMARIES[name]
    assert re.match(r"[A-Z].*\.", english)
    found = examples(sections()[name])
    assert found
    assert all(shlex.split(example)[:2] == ["xzdesk-cli", name] for example in found)


@pytest.mark.parametrize("name", HERE)
def test_the_document_names_each_option(name: str) -> None:
    listed = next(line for line in sections()[name] if line.startswith("选项 options:"))
    own = {opt for param in command(name).params for opt in param.opts if opt.startswith("--")} - COMMON
    assert set(re.findall(r"`(--[a-z-]+)`", listed)) == own


@pytest.mark.parametrize("name", HERE)
def test_every_example_can_be_typed(name: str) -> None:
    help_lines = [line.strip().removeprefix("例：").strip() for line in (command(name).help or "").splitlines()]
    in_help = [line for line in help_lines if line.startswith("xzdesk-cli ")]
    assert in_help
    for example in [*examples(sections()[name]), *in_help]:
        words = shlex.split(example)
        assert words[:2] == ["xzdesk-cli", name]
        with command(name).make_context(name, words[2:]) as context:
            assert context.params


def test_the_document_names_the_files_for_secrets() -> None:
    named = set(re.findall(r"XZDESK_[A-Z_]+", DOCUMENT.read_text(encoding="utf-8")))
    known = {value for name, value in vars(frame).items() if isinstance(value, str) and value.startswith("XZDESK_")}
    assert named == known
