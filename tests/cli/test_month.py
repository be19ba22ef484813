"""The month by command lines: record, check, submit, inspect, import, return, receipt, and up again."""

from __future__ import annotations

from pathlib import Path

import pyrage
import pytest

from .conftest import MONTH, PASSPHRASES, VILLAGE, Desk

WELL = [
    "name=一号井",
    "供水户数=1.2百",
    "kind=集中",
    "capacity=12.5",
    "built_on=2024年1月9日",
    "keeper=沈某某",
    "state=正常",
]


def test_the_month_goes_up_comes_back_and_goes_up_again(month: Desk) -> None:
    row = month.done("镇", "record", "--row", "well", "--unit", "上溪村", *[w for w in WELL if "百" not in w],
                     "households=120", "--json").json  # fmt: skip
    assert (row["unit"], row["fields"]["built_on"], row["fields"]["households"]) == (VILLAGE, "2024-01-09", "120")
    checked = month.done("镇", "check", MONTH, "--json").json
    assert (checked["ready"], checked["hard"], checked["filled"]) == (True, 0, checked["asked"])
    package = month.submit()
    assert package.name == "临溪镇_2024-01_第1包.xzpkg"

    preview = month.done("区", "inspect", month.stick, "--json").json["packages"][0]
    assert (preview["status"], preview["effects"]["rows"]["well"]["new"]) == ("accepted", 1)
    assert month.done("区", "import", "--list", "--json").json["packages"] == []
    taken = month.done("区", "import", month.stick, "--json").json
    assert taken["packages"][0]["effects"] == preview["effects"]
    assert Path(taken["backup"]).is_file()
    cell = next(c for c in preview["effects"]["cells"] if c["unit"] == VILLAGE and c["element"] == "capacity_new")
    assert (cell["accepted"], cell["incoming"]["number"]) == (None, "12.5")

    returned = month.done(
        "区", "return", "上溪村", "户籍户数", MONTH, "--reason", "比公安年报少 12 户，请逐户核对后重报", "--json"
    ).json
    assert (returned["kind"], returned["office"], returned["status"]) == ("cell", "990101101", "open")
    of_row = ("--row", "well", "--id", row["id"][:8], "--field", "供水户数", "--month", MONTH)
    month.done("区", "return", *of_row, "--reason", "供水户数与现场核查的 118 户不一致")
    receipt = month.done("区", "receipt", "--to", month.stick, "--json").json["packages"]
    assert [each["unit"] for each in receipt] == ["990101101"]
    seen = month.done("镇", "import", receipt[0]["path"])
    assert "退回要改的 2 处" in seen.out
    assert "上级确认收到本单位的 1 个数据包。" in seen.out
    assert len(month.done("镇", "return", "--list", "--json").json["returned"]) == 2

    changed = month.done("镇", "record", "上溪村", "户籍户数", MONTH, "312")
    assert "由300户改为312户" in changed.out
    month.done("镇", "record", "--row", "well", "--id", row["id"], "households=118")
    again = month.done("区", "import", month.submit())
    assert "以前退回的 2 处已经改过。" in again.out
    assert "上溪村 户籍户数 2024年1月：300户 → 312户" in again.out
    assert month.done("区", "return", "--list", "--json").json["returned"] == []


def test_a_replayed_package_changes_nothing_and_an_undone_one_may_come_again(month: Desk) -> None:
    package = month.submit()
    id = month.done("区", "import", package, "--json").json["packages"][0]["id"]
    assert month.done("区", "import", package, "--json").json["packages"][0]["status"] == "known"
    undone = month.done("区", "import", "--undo", id[:8])
    assert "已撤销接收临溪镇的第 1 包" in undone.out
    assert month.done("区", "import", "--list", "--json").json["packages"] == []
    assert month.done("区", "import", package, "--json").json["packages"][0]["status"] == "accepted"


def test_a_package_that_was_altered_is_refused_and_stops_no_other(month: Desk) -> None:
    good = month.submit()
    bad = month.stick / "坏包.xzpkg"
    bad.write_bytes(good.read_bytes()[:-9])
    answer = month.run("区", "import", month.stick)
    assert answer.status == 2
    assert "坏包.xzpkg：已拒绝，没有留下任何内容" in answer.out
    assert f"{good.name}：已接收" in answer.out
    assert "共 2 个文件：已接收 1 个，已拒绝 1 个。" in answer.out


def test_a_package_of_a_replaced_key_waits_until_the_new_number_was_compared(month: Desk) -> None:
    month.done("区", "trust", "临溪镇", "--revoke")
    package = month.submit()
    refused = month.run("区", "import", package, "--json")
    assert (refused.status, refused.json["packages"][0]["code"]) == (2, "chain.key_revoked")
    listed = month.done("区", "trust", "--list", "--json").json["keys"]
    assert [(key["unit"], key["status"]) for key in listed] == [("990101101", "revoked")]


def test_new_keys_of_ones_own_are_taken_on_the_old_ones_word(month: Desk) -> None:
    assert month.done("镇", "trust", "--rotate-own", "--json").json["epoch"] == 2
    arrived = month.done("区", "import", month.submit(), "--json").json["packages"][0]
    assert arrived["status"] == "accepted"
    keys = month.done("区", "trust", "--list", "--json").json["keys"]
    assert {(key["epoch"], key["status"]) for key in keys} == {(1, "replaced"), (2, "trusted")}


def test_a_task_goes_down_and_a_newer_catalogue_with_it(month: Desk, tiny_files: dict[str, str]) -> None:
    first = month.done("区", "task", "--to", month.stick, "--json").json["packages"][0]
    assert month.done("镇", "import", first["path"], "--json").json["packages"][0]["status"] == "accepted"
    folder = month.folder / "目录"
    for name, text in tiny_files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.replace("version = 3", "version = 4"), encoding="utf-8")
    second = month.done("区", "task", "临溪镇", "--to", month.stick, "--catalogue", folder, "--json").json["packages"][
        0
    ]
    assert "已启用第 4 版指标目录。" in month.done("镇", "import", second["path"]).out
    older = month.run(
        "区", "task", "--to", month.stick, "--catalogue", Path(__file__).parents[1] / "data/tiny", "--json"
    )
    assert (older.status, older.error["code"]) == (2, "catalogue.older")


def test_what_is_inside_a_package_is_told_to_both_sides(month: Desk) -> None:
    package = month.submit()
    for office, signer in (("区", "known"), ("镇", "own")):
        seen = month.done(office, "inspect", "--inside", package, "--json").json
        assert (seen["kind"], seen["sender"]["unit"], seen["receiver"]["unit"]) == ("submission", "990101101", "990101")
        assert (seen["signer"], seen["sequence"], seen["period"]) == (signer, 1, MONTH)
        assert "values.csv" in {part["name"] for part in seen["parts"]}
    assert "由本单位签名" in month.done("镇", "inspect", "--inside", package).out


def test_a_sealed_package_can_be_written_again_and_is_listed(month: Desk) -> None:
    package = month.submit()
    content = package.read_bytes()
    package.unlink()
    sent = month.done("镇", "submit", "--list", "--json").json["packages"]
    assert [(each["sequence"], each["period"], each["status"]) for each in sent] == [(1, MONTH, "sealed")]
    month.done("镇", "submit", "--again", sent[0]["id"][:8], "--to", month.stick)
    assert package.read_bytes() == content


def test_a_register_row_that_touches_a_sealed_month_becomes_a_correction(month: Desk) -> None:
    month.done("区", "import", month.submit())
    month.done(
        "镇", "record", "--row", "well", "--unit", "上溪村", *[w for w in WELL if "百" not in w], "households=120"
    )
    proposed = month.done("镇", "record", "--proposals", MONTH, "--json").json["proposals"]
    assert {each["cell"]["element"] for each in proposed} == {"wells_new", "capacity_new"}
    refused = month.run("镇", "record", "--accept-proposals", MONTH, "--reason", "核实无误", "--json")
    assert (refused.status, refused.error["code"]) == (2, "record.correction_reason")
    done = month.done("镇", "record", "--accept-proposals", MONTH, "--reason", "补录1月验收的一处，见镇水务站名单")
    assert "已更正 2 处，随下一个上报包报送。" in done.out
    assert month.done("镇", "record", "--proposals", MONTH, "--json").json["proposals"] == []
    taken = month.done("区", "import", month.submit(), "--json").json["packages"][0]
    assert taken["effects"]["corrections"] == 2


def test_a_withdrawn_return_need_not_be_mended(month: Desk) -> None:
    month.done("区", "import", month.submit())
    place = ("上溪村", "户籍户数", MONTH)
    id = month.done("区", "return", *place, "--reason", "比公安年报少 12 户，请逐户核对", "--json").json["id"]
    month.done("区", "return", "--withdraw", id[:8])
    assert month.done("区", "return", "--list", "--json").json["returned"] == []
    refused = month.run("区", "return", *place, "--reason", "不对", "--json")
    assert (refused.status, refused.error["code"]) == (2, "return.reason")


@pytest.mark.parametrize(
    ("reviewer", "typed", "code"),
    [
        ("李会计", PASSPHRASES["李会计"], "submit.same_person"),
        ("张站长", PASSPHRASES["李会计"], "workspace.wrong_passphrase"),
        ("没有这个人", PASSPHRASES["张站长"], "user.unknown"),
    ],
)
def test_a_submission_needs_a_second_person(month: Desk, reviewer: str, typed: str, code: str) -> None:
    answer = month.run("镇", "submit", MONTH, "--reviewer", reviewer, "--to", month.stick, "--json", reviewer=typed)
    assert (answer.status, answer.error["code"]) == (2, code)
    assert list(month.stick.iterdir()) == []


def test_a_deputy_is_named_and_taken_off_again(month: Desk) -> None:
    deputy = str(pyrage.x25519.Identity.generate().to_public())
    named = month.done("区", "trust", "--recipient", deputy, "--json").json["recipients"]
    assert deputy in named
    wrong = month.run("区", "trust", "--recipient", deputy[:-1], "--json")
    assert (wrong.status, wrong.error["code"]) == (2, "key.recipient_invalid")
    left = month.done("区", "trust", "--recipient", "无", "--json").json["recipients"]
    assert [each for each in named if each != deputy] == left
