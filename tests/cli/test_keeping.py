"""``backup``, ``restore``, ``recover``, ``passwd``, ``users``, ``verify`` and the first steps of an office."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import MONTH, PASSPHRASES, TINY, Desk

NEW = "稻田里 九月 乌篷船"


def test_the_recovery_key_is_shown_once_and_tells_what_to_do(empty: Desk) -> None:
    made = empty.done("区", "init", "--user", "王主任", "--catalogue", TINY)
    groups = [word for line in made.out.splitlines() if line.startswith("  ") for word in line.split()]
    assert len(groups) == 15
    assert "只显示这一次" in made.out
    assert "下一步：xzdesk-cli recover --prove" in made.out
    unproved = empty.run("区", "invite", "临溪镇", "--to", empty.stick, "--json")
    assert unproved.json["invitations"][0]["error"]["code"] == "recovery.unproved"
    assert unproved.status == 2
    empty.done("区", "recover", "--prove", recovery=" ".join(groups))
    invited = empty.done("区", "invite", "临溪镇", "松风街道", "--to", empty.stick, "--json").json["invitations"]
    assert [each["unit"] for each in invited] == ["990101101", "990101001"]
    assert all(len(each["code"]) == 20 and Path(each["file"]).is_file() for each in invited)
    again = empty.run("区", "init", "--user", "王主任", "--catalogue", TINY, "--json")
    assert (again.status, again.error["code"]) == (2, "workspace.exists")


def test_a_reply_that_could_not_be_written_loses_no_recovery_key(desk: Desk) -> None:
    invited = desk.done("区", "invite", "松风街道", "--to", desk.stick, "--json").json["invitations"][0]
    words = ("enrol", invited["file"], "-u", "孙会计", "-w", desk.path("街道"), "--to", desk.folder / "没插", "--json")
    secrets = {"passphrase": NEW}
    answer = desk.raw(*words, stdin=f"{invited['code']}\n", secrets=secrets)
    assert (answer.status, answer.error["code"]) == (2, "stick.missing")
    assert (len(answer.json["recovery"]["groups"]), answer.json["reply"]) == (15, None)
    again = desk.raw("enrol", "-w", desk.path("街道"), "--to", desk.stick, "--json", secrets=secrets)
    assert (again.status, again.json["number"]) == (0, answer.json["number"])
    assert "recovery" not in again.json
    pending = desk.done("区", "import", again.json["reply"])
    assert "用 trust 核对 30 位数字" in pending.out
    wrong = desk.run("区", "trust", "松风街道", "--number", "9" * 30, "--json")
    assert (wrong.status, wrong.error["code"]) == (2, "trust.number_differs")
    trusted = desk.done("区", "trust", "松风街道", stdin=f"{answer.json['number']}\n")
    assert "已启用松风街道的第 1 代密钥" in trusted.out


def test_a_backup_is_listed_and_restored_in_place(desk: Desk) -> None:
    place = ("record", "上溪村", "户籍户数", MONTH)
    desk.done("镇", *place, "300")
    made = desk.done("镇", "backup", "--json").json["made"]
    desk.done("镇", *place, "310")
    listed = desk.raw("restore", "--list", "-w", desk.path("镇"), "--json").json["backups"]
    assert [each["path"] for each in listed] == [made["path"]]
    restored = desk.done("镇", "restore", made["path"], "--json").json
    assert restored["made_at"] == made["made_at"]
    assert desk.done("镇", *place, "310", "--json").json["before"]["number"] == "300"
    aside = Path(restored["aside"])
    assert aside.name.startswith("镇_被替换_")
    refused = desk.run("镇", "restore", desk.folder / "没有.xzdb", "--json")
    assert (refused.status, refused.error["code"]) == (2, "restore.missing")


def test_backups_may_go_to_another_disk_for_good(desk: Desk) -> None:
    disk = desk.folder / "移动硬盘"
    disk.mkdir()
    for words in (("backup", "--to", disk, "--always"), ("backup",)):
        made = desk.done("镇", *words, "--json").json
        assert Path(made["made"]["path"]).parent == disk
    listed = desk.done("镇", "backup", "--list")
    assert "移动硬盘" in listed.out
    nowhere = desk.run("镇", "backup", "--to", desk.folder / "没有", "--always", "--json")
    assert (nowhere.status, nowhere.error["code"]) == (2, "backup.no_folder")


def test_a_forgotten_passphrase_is_replaced_by_the_paper_key(desk: Desk) -> None:
    paper = (desk.folder / "恢复密钥.txt").read_text(encoding="utf-8")
    recover = ("recover", "-u", "王主任", "-w", desk.path("区"), "--json")
    done = desk.raw(*recover, secrets={"recovery": paper, "new": NEW})
    assert (done.status, done.json) == (0, {"user": "王主任", "recovered": True})
    assert desk.run("区", "users", "--json").error["code"] == "workspace.wrong_passphrase"
    desk.done("区", "users", passphrase=NEW)
    first, *others = paper.split()
    wrong = desk.raw(*recover, secrets={"recovery": " ".join([first[::-1], *others]), "new": NEW})
    assert (wrong.status, wrong.error["code"]) == (2, "recovery.group")
    assert "第 1 组" in wrong.error["message"]
    nobody = desk.raw("recover", "-w", desk.path("区"), "--json")
    assert (nobody.status, nobody.error["code"]) == (2, "usage")


def test_a_passphrase_is_changed_with_the_old_one(desk: Desk) -> None:
    assert "李会计的口令已修改。" in desk.done("镇", "passwd", new=NEW).out
    assert desk.run("镇", "users", "--json").error["code"] == "workspace.wrong_passphrase"
    desk.done("镇", "users", passphrase=NEW)
    weak = desk.run("镇", "passwd", "--json", passphrase=NEW, new="12345678")
    assert (weak.status, weak.error["code"]) == (2, "passphrase.weak")


def test_a_head_resets_anothers_passphrase_and_nobody_else_does(desk: Desk) -> None:
    desk.done("镇", "passwd", "--for", "张站长", new=NEW)
    desk.done("镇", "users", "-u", "张站长", passphrase=NEW)
    refused = desk.run("镇", "passwd", "--for", "李会计", "--json", passphrase=NEW, new="晒谷场 十月 石埠头")
    assert (refused.status, refused.error["code"]) == (2, "user.not_head")


def test_users_come_and_go(desk: Desk) -> None:
    added = desk.done("镇", "users", "--add", "钱助理", "--json", new=NEW).json["user"]
    assert (added["name"], added["role"]) == ("钱助理", "recorder")
    desk.done("镇", "users", "--change", "钱助理", "--role", "复核人")
    assert {u["name"]: u["role"] for u in desk.done("镇", "users", "--json").json["users"]} == {
        "李会计": "head",
        "张站长": "reviewer",
        "钱助理": "reviewer",
    }
    desk.done("镇", "users", "--close", "钱助理")
    assert "钱助理" not in desk.done("镇", "users").out
    assert "停用" in desk.done("镇", "users", "--all").out
    last = desk.run("镇", "users", "--change", "李会计", "--role", "填报人", "--json")
    assert (last.status, last.error["code"]) == (2, "user.last_head")


def test_one_person_alone_is_told_that_nothing_can_be_handed_in(desk: Desk) -> None:
    assert "不能上报" not in desk.done("镇", "users").out
    desk.done("镇", "users", "--close", "张站长")
    assert "请再增加一位复核人或负责人" in desk.done("镇", "users").out


def test_a_whole_workspace_is_verified(desk: Desk) -> None:
    answer = desk.done("镇", "verify", "--json").json
    assert answer["faults"] == []
    assert answer["links"] > 0
    assert len(answer["head"]) == 64
    assert "各处引用和校验值都对得上。" in desk.done("镇", "verify").out


def test_what_does_not_fit_together_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from xzdesk.store import verify

    monkeypatch.setattr(verify, "_DANGLING", {"{} 处引用": "SELECT 3"})
    answer = desk.run("镇", "verify")
    assert answer.status == 2
    assert "对不上：3 处引用。" in answer.out


def test_another_workspaces_backup_is_not_put_in_place(desk: Desk) -> None:
    made = desk.done("区", "backup", "--json").json["made"]["path"]
    before = desk.path("镇").read_bytes()
    answer = desk.run("镇", "restore", made, "--json", passphrase=PASSPHRASES["王主任"])
    assert (answer.status, answer.error["code"]) == (2, "restore.other_workspace")
    assert desk.path("镇").read_bytes() == before
    # A place that is still free, or one whose keys are lost, is not compared.
    desk.path("镇").with_name("镇.xzdb.keys").unlink()
    desk.done("镇", "restore", made, passphrase=PASSPHRASES["王主任"])


def test_a_disk_that_is_not_there_becomes_no_folder(desk: Desk) -> None:
    answer = desk.run("镇", "backup", "--to", desk.folder / "移动硬盘", "--json")
    assert (answer.status, answer.error["code"]) == (2, "backup.no_folder")
    assert not (desk.folder / "移动硬盘").exists()
