"""What goes wrong for a user ends with status 2 and a message that says what happened and what to do."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest

from xzdesk import paths
from xzdesk.cli import main
from xzdesk.services import check, record
from xzdesk.services.session import open_session
from xzdesk.store import atomic_file, migrate

from .conftest import MONTH, PASSPHRASES, TINY, VILLAGE, Answer, Desk


def refused(answer: Answer, code: str, *words: str) -> None:
    """Status 2 with this code, and ``words`` in message or hint; nothing on the error channel beside the JSON."""
    assert answer.status == 2, answer
    error = answer.error
    assert error["code"] == code
    assert error["message"]
    assert error["hint"]
    for word in words:
        assert word in error["message"] + error["hint"]
    assert answer.err == ""


def test_a_wrong_passphrase(desk: Desk) -> None:
    answer = desk.run("镇", "check", MONTH, "--json", passphrase="不是这个口令呀")
    refused(answer, "workspace.wrong_passphrase", "口令不对", "恢复密钥")


def test_wrong_passphrases_wait_longer_and_longer(desk: Desk) -> None:
    for _ in range(4):
        answer = desk.run("镇", "users", "--json", passphrase="不是这个口令呀")
    refused(answer, "workspace.wait", "秒后再试")


def test_a_missing_workspace(empty: Desk) -> None:
    refused(empty.run("镇", "check", MONTH, "--json"), "workspace.missing", "镇.xzdb", "备份")


def test_a_missing_workspace_is_said_before_a_passphrase_is_asked(empty: Desk) -> None:
    answer = empty.raw("check", MONTH, "-w", empty.path("镇"), "--json")
    refused(answer, "workspace.missing")


def test_a_missing_key_file(desk: Desk) -> None:
    desk.path("镇").with_name("镇.xzdb.keys").unlink()
    refused(desk.run("镇", "check", MONTH, "--json"), "workspace.keys_missing", ".keys", "恢复")


def test_a_workspace_that_is_open_elsewhere(desk: Desk) -> None:
    with open_session(desk.path("镇"), None, PASSPHRASES["李会计"]):
        refused(desk.run("镇", "check", MONTH, "--json"), "workspace.locked", "正被使用", "退出")


def test_a_workspace_of_a_newer_program(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    real = migrate.applied
    monkeypatch.setattr(migrate, "applied", lambda db: [*real(db), "0999_future"])
    refused(desk.run("镇", "check", MONTH, "--json"), "workspace.newer", "升级")


def test_a_damaged_workspace(desk: Desk) -> None:
    path = desk.path("镇")
    path.write_bytes(path.read_bytes()[:4096] + bytes(4096) + path.read_bytes()[8192:])
    refused(desk.run("镇", "verify", "--json"), "workspace.damaged", "恢复")


@pytest.mark.parametrize("command", [("verify",), ("check", MONTH), ("users",)])
def test_a_workspace_with_damaged_pages(
    desk: Desk, command: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    """The first page is whole, so it opens; whatever reads a damaged one is told to restore, and no library adds to
    that in English."""
    file = desk.path("镇")
    content = bytearray(file.read_bytes())
    for page in range(3, len(content) // 4096):
        content[page * 4096 + 100] ^= 1
    file.write_bytes(content)
    refused(desk.run("镇", *command, "--json"), "workspace.damaged", "恢复")
    assert capfd.readouterr().err == ""


def test_a_command_on_the_wrong_kind_of_workspace(desk: Desk) -> None:
    submit = ("submit", MONTH, "--reviewer", "赵科长", "--to", desk.stick, "--json")
    refused(desk.run("区", *submit), "workspace.wrong_kind", "区级工作库", "镇级或村级")
    refused(desk.run("镇", "task", "--to", desk.stick, "--catalogue", TINY, "--json"), "workspace.wrong_kind", "区级")
    code = desk.done("镇", "invite", "上溪村", "--to", desk.stick, "--json").json["invitations"][0]["code"]
    invitation = next(desk.stick.glob("上溪村*"))
    secrets = {"passphrase": PASSPHRASES["李会计"]}
    village = ("-w", desk.path("村"), "--json")
    assert desk.raw("enrol", invitation, "-u", "孙会计", *village, stdin=f"{code}\n", secrets=secrets).status == 0
    for words in (
        ("invite", "上溪村", "--to", desk.stick),
        ("task", "--to", desk.stick),
        ("receipt", "--to", desk.stick),
        ("return", "上溪村", "户籍户数", MONTH, "--reason", "与公安年报不一致，请核对"),
        ("import", "--release", "上溪村"),
    ):
        refused(desk.raw(*words, *village, secrets=secrets), "workspace.wrong_kind", "村级工作库", "上溪村")
    refused(desk.run("区", "enrol", "--to", desk.stick, "--json"), "workspace.wrong_kind")


def test_a_missing_catalogue_file(empty: Desk, tiny_files: dict[str, str]) -> None:
    folder = empty.folder / "目录"
    init = ("init", "--user", "王主任", "--catalogue", folder, "--json")
    refused(empty.run("区", *init), "catalogue.missing_folder", "目录")
    for name, text in tiny_files.items():
        if name != "units.csv":
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    refused(empty.run("区", *init), "catalogue.invalid", "units.csv")
    assert not empty.path("区").exists()


def test_a_weak_passphrase_makes_no_workspace(empty: Desk) -> None:
    init = ("init", "--user", "王主任", "--catalogue", TINY, "--json")
    refused(empty.run("区", *init, passphrase="12345678"), "passphrase.weak")
    assert not empty.path("区").exists()


def test_a_full_stick_keeps_the_sealed_package_and_says_how_to_write_it(
    month: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(month.folder)
    submit = ("submit", MONTH, "--reviewer", "张站长", "--to", month.stick)
    with monkeypatch.context() as full:
        full.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1024))
        answer = month.run("镇", *submit, "--json", reviewer=PASSPHRASES["张站长"])
    package = answer.json["packages"][0]
    assert (answer.status, package["path"], package["error"]["code"]) == (2, None, "stick.full")
    assert "空间不够" in package["error"]["message"]
    assert list(month.stick.iterdir()) == []
    again = month.done("镇", "submit", "--again", package["id"][:8], "--to", month.stick, "--json")
    assert Path(again.json["path"]).stat().st_size == package["bytes"]


def test_a_read_only_stick_says_so(month: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as locked:
        locked.setattr("xzdesk.services.stick.replace_file", refuse)
        answer = month.run(
            "镇", "submit", MONTH, "--reviewer", "张站长", "--to", month.stick, reviewer=PASSPHRASES["张站长"]
        )
    assert answer.status == 2
    assert "但没有写出：U盘或文件夹是只读的，写不进去。" in answer.out
    assert "写保护" in answer.out
    assert "再写一份：xzdesk-cli submit --again " in answer.out
    assert atomic_file.replace_file is not refuse


def test_a_stick_that_is_not_there_is_noticed_before_anything_is_sealed(month: Desk) -> None:
    words = ("submit", MONTH, "--reviewer", "张站长", "--to", month.folder / "没插", "--json")
    refused(month.run("镇", *words, reviewer=PASSPHRASES["张站长"]), "stick.missing", "还没有封装")
    assert month.done("镇", "submit", "--list", "--json").json["packages"] == []


def test_a_wrong_code_opens_no_invitation(desk: Desk) -> None:
    invited = desk.done("区", "invite", "松风街道", "--to", desk.stick, "--json").json["invitations"][0]
    words = ("enrol", invited["file"], "-u", "孙会计", "-w", desk.path("街道"), "--json")
    secrets = {"passphrase": PASSPHRASES["李会计"]}
    wrong = f"{(int(invited['code']) + 1) % 10**20:020d}\n"
    refused(desk.raw(*words, stdin=wrong, secrets=secrets), "invitation.wrong_code", "开通码")
    refused(desk.raw(*words, stdin="1234\n", secrets=secrets), "invitation.code_unreadable", "20 位")
    assert not desk.path("街道").exists()


def test_a_package_for_another_office(month: Desk) -> None:
    """Named, it is a mistake; beside others on the stick it is not."""
    month.submit()
    month.done("区", "invite", "松风街道", "--to", month.stick)
    other = next(month.stick.glob("松风街道*"))
    answer = month.run("镇", "import", other, "--json")
    arrived = answer.json["packages"][0]
    assert (answer.status, arrived["status"], arrived["code"]) == (2, "refused", "package.not_for_us")
    whole = month.done("镇", "inspect", month.stick, "--json").json["packages"]
    assert {each["code"] for each in whole} == {"package.own", "package.not_for_us"}


def test_ones_own_packages_on_the_stick_are_passed_over(month: Desk) -> None:
    month.submit()
    month.done("区", "task", "--to", month.stick)
    for office in ("镇", "区"):
        taken = month.done(office, "import", month.stick, "--json").json["packages"]
        assert sorted(each["status"] for each in taken) == ["accepted", "own"]
        assert "这是本单位封装的数据包，不用接收。" in month.done(office, "import", month.stick).out


def test_the_wrong_number_trusts_nobody(desk: Desk) -> None:
    refused(desk.run("区", "trust", "临溪镇", "--number", "1" * 30, "--json"), "trust.nothing_pending", "开通回复")
    refused(desk.run("区", "trust", "临溪镇", "--number", "12345", "--json"), "number.unreadable", "30 位")


def test_no_terminal_and_no_file_for_the_passphrase(desk: Desk) -> None:
    answer = desk.raw("check", MONTH, "-w", desk.path("镇"), "--json")
    refused(answer, "secret.no_terminal", "XZDESK_PASSPHRASE_FILE")


def test_a_passphrase_may_come_by_the_standard_input(desk: Desk) -> None:
    answer = desk.raw("users", "-w", desk.path("镇"), "--json", stdin=f"{PASSPHRASES['张站长']}\n")
    assert answer.status == 0
    assert {user["name"] for user in answer.json["users"]} == {"李会计", "张站长"}


def test_a_passphrase_file_that_cannot_be_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XZDESK_PASSPHRASE_FILE", str(desk.folder / "没有.txt"))
    refused(desk.raw("users", "-w", desk.path("镇"), "--json"), "secret.file", "XZDESK_PASSPHRASE_FILE")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("chekc",), "没有命令 chekc。是不是要写 check？"),
        (("check", MONTH, "--resaon", "x"), "没有选项 --resaon。是不是要写 --reason？"),
        (("check",), "缺少参数“月份”。"),
        (("check", MONTH), "缺少选项 --workspace。"),
        (("verify", "甲", "-w", "x"), "命令的参数多了或者写法不对。"),
        (("users", "-w", "x", "--role", "局长"), "选项 --role 不对：“局长”不在可选之列"),
        (("backup", "-w", "x", "--keep", "1"), "选项 --keep 不对：应为 2 到 100 的整数。"),
        (("submit", MONTH, "--list", "-w", "x"), "月份 和 --list 不能一起用。"),
    ],
)
def test_a_wrong_command_line_is_explained_in_chinese(empty: Desk, words: tuple[str, ...], message: str) -> None:
    answer = empty.raw(*words)
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.startswith(message)
    as_json = empty.raw(*words, "--json")
    assert (as_json.status, as_json.err) == (2, "")
    assert as_json.error["code"] == "usage"
    assert as_json.error["message"].startswith(message)


def test_a_fault_of_the_program_is_logged_without_contents(
    month: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither what was typed nor the exception's own text may reach the log or the screen."""

    def fail(*_: object) -> None:
        households, owner = 4711, "沈某某"
        raise KeyError(f"{owner} {households} 上溪村")

    monkeypatch.setattr(check, "check", fail)
    monkeypatch.setattr(record, "record_cells", fail)
    for words in (("check", MONTH), ("record", "上溪村", "户籍户数", MONTH, "4711")):
        answer = month.run("镇", *words)
        assert answer.status == 1
        assert answer.err.startswith("程序出错（KeyError），这一步没有保存，之前保存的都在。")
        assert str(tmp_path / "xzdesk.log") in answer.err
        assert month.run("镇", *words, "--json").error["code"] == "program.fault"
    log = (tmp_path / "xzdesk.log").read_text(encoding="utf-8")
    assert log.count("KeyError test_faults.fail:") == 4
    for content in ("4711", "沈某某", "上溪村", VILLAGE, *PASSPHRASES.values()):
        assert content not in log


def test_a_log_that_cannot_be_written_hides_no_fault(month: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "user_data", lambda: month.folder / "没有这个文件夹")
    monkeypatch.setattr(check, "check", lambda *_: 1 / 0)
    assert month.run("镇", "check", MONTH).status == 1


@pytest.mark.parametrize("stop", [KeyboardInterrupt, main.Cancelled])
def test_a_stopped_command_says_that_nothing_was_saved(
    month: Desk, monkeypatch: pytest.MonkeyPatch, stop: type[BaseException]
) -> None:
    def interrupt(*_: object) -> None:
        raise stop

    monkeypatch.setattr(check, "check", interrupt)
    answer = month.run("镇", "check", MONTH)
    assert (answer.status, answer.err.strip()) == (130, "已停下，没有做完的部分没有保存。")


def test_after_any_fault_the_workspace_is_closed(month: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as faulty:
        faulty.setattr(check, "check", fail)
        assert month.run("镇", "check", MONTH).status == 1
    with contextlib.closing(open_session(month.path("镇"), None, PASSPHRASES["李会计"])) as session:
        assert session.office.name == "临溪镇"


def test_a_person_needs_a_name(empty: Desk) -> None:
    words = ("init", "-u", "", "-w", empty.path("区"), "--catalogue", TINY, "--json")
    refused(empty.raw(*words, secrets={"passphrase": PASSPHRASES["王主任"]}), "user.name", "姓名")
    assert list(empty.folder.glob("*.xzdb*")) == []


def test_a_key_that_was_compared_before_is_no_cause_for_alarm(desk: Desk) -> None:
    number = desk.done("镇", "trust", "--list").out.partition("核对的数字： ")[2].strip()
    refused(desk.run("区", "trust", "临溪镇", "--number", number, "--json"), "trust.already", "不用再办")


def test_a_unit_of_nearly_this_name_is_offered(desk: Desk) -> None:
    refused(desk.run("区", "invite", "临西镇", "--to", desk.stick, "--json"), "unit.unknown", "相近的有：临溪镇")


def test_packages_for_others_in_a_folder_take_one_line(month: Desk) -> None:
    month.submit()
    month.done("区", "invite", "松风街道", "--to", month.stick)
    shutil.copy(next(month.stick.glob("松风街道*")), month.stick / "又一份.xzpkg")
    out = month.done("镇", "inspect", month.stick).out
    assert out.count("不是发给本单位的（或者文件头已损坏，打不开），没有读取：") == 1
    assert "共 3 个文件：跳过 1 个，不是发给本单位的 2 个。" in out


def test_a_month_not_handed_in_cannot_be_returned(month: Desk) -> None:
    month.done("区", "import", month.submit())
    words = ("return", "上溪村", "户籍户数", "2024-02", "--reason", "与公安年报相差 12 户，请逐户核对")
    refused(month.run("区", *words, "--json"), "return.not_submitted", "还没有上报2024年2月", "2024年1月")


def test_the_same_person_is_refused_before_a_passphrase_is_asked(month: Desk) -> None:
    words = ("submit", MONTH, "--reviewer", "李会计", "--to", month.stick, "--json")
    refused(month.run("镇", *words), "submit.same_person")
    refused(month.run("镇", "submit", "2024-02", *words[2:3], "张站长", *words[4:]), "submit.hard", "临溪镇 2024年2月")
