"""Passphrases: typed twice at a terminal, a line of the input, or a file; never echoed, never on the command line."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator

import click
import pytest

from xzdesk.cli import frame, main
from xzdesk.core.errors import UserError

VARIABLE = "XZDESK_PASSPHRASE_FILE"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What will be typed at a terminal's prompts; everything has to be asked for, unseen."""
    answers: list[str] = []

    def prompt(text: str, *, hide_input: bool, err: bool, prompt_suffix: str) -> str:
        assert hide_input
        assert err
        return answers.pop(0)

    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(click, "prompt", prompt)
    yield answers
    assert answers == []


def test_a_new_passphrase_is_typed_until_both_are_alike(typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    typed += ["水杉林 三月", "水衫林 三月", "水杉林 四月", "水杉林 四月"]
    assert frame.passphrase("新口令", VARIABLE, twice=True) == "水杉林 四月"
    assert capsys.readouterr().err == "两次输入不一样，请重新输入。\n"


def test_a_known_passphrase_is_typed_once(typed: list[str]) -> None:
    typed += ["水杉林 三月"]
    assert frame.passphrase("口令", VARIABLE) == "水杉林 三月"


def test_without_a_terminal_each_secret_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO("水杉林 三月 \r\n第二行\n"))
    assert frame.passphrase("口令", VARIABLE, twice=True) == "水杉林 三月 "
    assert frame.passphrase("口令", VARIABLE) == "第二行"
    with pytest.raises(UserError) as caught:
        frame.passphrase("口令", VARIABLE)
    assert caught.value.code == "secret.no_terminal"


@pytest.mark.parametrize("content", ["水杉林 三月", "水杉林 三月\n", "水杉林 三月\r\n", "\ufeff水杉林 三月\n"])
def test_a_file_holds_it_with_or_without_an_end_of_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, content: str
) -> None:
    file = tmp_path_factory.mktemp("secret") / "口令.txt"
    file.write_bytes(content.encode())
    monkeypatch.setenv(VARIABLE, str(file))
    assert frame.passphrase("口令", VARIABLE, twice=True) == "水杉林 三月"


def test_no_command_takes_a_passphrase_as_an_option() -> None:
    for name in main.COMMANDS:
        command = main.program.get_command(click.Context(main.program), name)
        assert command is not None
        names = {opt for param in command.params for opt in param.opts}
        assert not any("pass" in each or "secret" in each or each in ("--code", "--recovery") for each in names)
