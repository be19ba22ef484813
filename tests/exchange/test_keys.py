"""What people read aloud, type and keep on paper: the number, the code, the recovery paper."""

import hashlib
from dataclasses import replace

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vectors.package_writer import DISTRICT, TOWN, Office
from xzdesk.core.errors import UserError
from xzdesk.exchange import bech32, keys
from xzdesk.exchange.keys import KeyRecord

# The specification's own numbers: BIP-173, "valid Bech32 strings", without those of unusual prefixes.
BIP_173 = [
    "a12uel5l",
    "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
    "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
    "11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j",
    "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
    "?1ezyfcl",
]
# Made once and kept, so that no change of the program can change them unnoticed.
KNOWN_NUMBER = "024024769125537294779671841267"
KNOWN_CODE_RECIPIENT = "age16saf3fvcxxx2d36csz6m3kezcrkg0ka3e9tkh67ja69fth5fgg5q9jccqp"

SECRET = DISTRICT.box_secret
PAPER = keys.recovery_paper(SECRET)


def record(office: Office, epoch: int = 1) -> KeyRecord:
    return KeyRecord(office.unit, office.key_id, epoch, 1, office.sign_public, (office.box_public,))


UPPER, LOWER = record(DISTRICT), record(TOWN)


def refusal(read: object, text: str) -> UserError:
    assert callable(read)
    with pytest.raises(UserError) as caught:
        read(text)
    return caught.value


@pytest.mark.parametrize("text", BIP_173)
def test_bech32_writes_the_texts_of_its_specification(text: str) -> None:
    prefix, _, data = text.rpartition("1")
    assert bech32.encode_symbols(prefix, [bech32.CHARSET.index(mark) for mark in data[:-6]]) == text


@settings(deadline=None)
@given(st.binary(min_size=32, max_size=32))
def test_bech32_is_what_the_age_library_writes(seed: bytes) -> None:
    text = bech32.encode("age-secret-key-", seed).upper()
    assert str(pyrage.x25519.Identity.from_str(text)) == text


def test_new_keys_differ_and_say_nothing_secret() -> None:
    one, other = keys.new_keys(), keys.new_keys()
    assert one.key_id != other.key_id
    assert len(one.key_id) == 32
    assert one.box_secret not in repr(one)
    assert repr(one.sign_seed) not in repr(one)
    assert keys.public_of(one.box_secret) == one.box_public
    assert one.record("330411103000", 2, ["age1x"]).box_publics == (one.box_public, "age1x")


def test_the_number_is_what_the_format_says() -> None:
    """Computed once more from the text of docs/package-format.md."""

    def text(office: Office) -> str:
        lines = [office.unit, office.key_id, "1", "1", office.sign_public.hex(), "1", office.box_public]
        return "".join(f"{line}\n" for line in lines)

    hashed = hashlib.pbkdf2_hmac("sha512", (text(DISTRICT) + text(TOWN)).encode(), b"xzdesk-number/1\n", 262_144)
    groups = [int.from_bytes(hashed[start : start + 5], "big") % 100_000 for start in range(0, 30, 5)]
    assert keys.number(UPPER, LOWER) == "".join(f"{group:05d}" for group in groups)
    assert keys.number(UPPER, LOWER) == KNOWN_NUMBER


@pytest.mark.parametrize(
    "changed",
    [
        {"unit": "330411104000"},
        {"key_id": "0" * 32},
        {"epoch": 2},
        {"suite": 2},
        {"sign_public": bytes(32)},
        {"box_publics": (TOWN.box_public, DISTRICT.box_public)},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_the_number_covers(changed: dict[str, object]) -> None:
    other = replace(LOWER, **changed)  # type: ignore[arg-type]
    assert keys.number(UPPER, other) != keys.number(UPPER, LOWER)


def test_the_number_tells_above_from_below() -> None:
    assert keys.number(LOWER, UPPER) != keys.number(UPPER, LOWER)


@settings(deadline=None)
@given(st.integers(0, 10**30 - 1), st.sampled_from([" ", "", "-", "\u3000", "\n", "，", " - "]), st.booleans())
def test_a_number_is_read_however_it_is_typed(value: int, between: str, wide: bool) -> None:
    digits = f"{value:030d}"
    typed = between.join(keys.format_number(digits).split())
    if wide:
        typed = typed.translate({ord("0") + digit: ord("０") + digit for digit in range(10)})
    assert keys.read_number(f" {typed}\n") == digits


def test_a_number_stands_in_six_groups_of_five() -> None:
    assert keys.format_number("0123456789" * 3) == "01234 56789 01234 56789 01234 56789"


@pytest.mark.parametrize(
    ("text", "said"),
    [("1" * 29, "现在是 29 位"), ("1" * 31, "现在是 31 位"), ("", "现在是 0 位"), ("1" * 29 + "一", "数字以外的字符")],
)
def test_a_number_that_cannot_be_one_is_said_to_be(text: str, said: str) -> None:
    error = refusal(keys.read_number, text)
    assert error.code == "number.unreadable"
    assert said in error.message


def test_codes_are_20_digits_and_differ() -> None:
    codes = {keys.new_code() for _ in range(50)}
    assert len(codes) == 50
    assert all(len(code) == 20 and code.isdigit() for code in codes)
    assert keys.format_number("12345678901234567890") == "12345 67890 12345 67890"


def test_a_code_gives_the_same_key_always() -> None:
    key = keys.code_identity("12345 67890 13579 24680")
    assert key == keys.code_identity("12345678901357924680")
    assert key.recipient == KNOWN_CODE_RECIPIENT
    assert key.secret not in repr(key)
    assert keys.code_identity("12345 67890 13579 24681") != key


@pytest.mark.parametrize("text", ["", "1234", "1" * 21, "12345 67890 13579 2468O"])
def test_a_code_that_cannot_be_one_is_said_to_be(text: str) -> None:
    assert refusal(keys.read_code, text).code == "invitation.code_unreadable"


def test_the_paper_is_15_short_groups() -> None:
    assert [len(group) for group in PAPER.groups] == [5] * 14 + [3]
    assert "".join(group[:-1] for group in PAPER.groups) == SECRET.removeprefix("AGE-SECRET-KEY-1")
    assert SECRET not in repr(PAPER)
    assert PAPER.groups[0] not in repr(PAPER)


@pytest.mark.parametrize(
    "typed",
    [
        " ".join(PAPER.groups),
        "\n".join(PAPER.groups).lower(),
        "".join(PAPER.groups),
        "-".join(PAPER.groups),
        "AGE-SECRET-KEY-1 " + " ".join(PAPER.groups),
        SECRET,
        SECRET.lower() + "\n",
    ],
    ids=["groups", "lines", "run", "dashes", "prefixed", "scanned", "scanned small"],
)
def test_the_paper_is_read_however_it_is_typed(typed: str) -> None:
    assert keys.read_paper(typed) == PAPER


@settings(deadline=None)
@given(st.binary(min_size=32, max_size=32))
def test_every_paper_is_read_again(seed: bytes) -> None:
    paper = keys.recovery_paper(bech32.encode("age-secret-key-", seed).upper())
    assert keys.read_paper(" ".join(paper.groups)) == paper


def test_marks_that_look_alike_are_taken_for_the_one_that_exists() -> None:
    """0 for O, L for I and 1, 8 for B: the others are never printed."""
    seed = next(seed for seed in range(1000) if {"0", "L", "8"} <= set(_paper(seed).secret[16:]))
    paper = _paper(seed)
    typed = " ".join(paper.groups).translate(str.maketrans("0L8", "OIB"))
    assert keys.read_paper(typed) == paper
    assert keys.read_paper(typed.replace("I", "1")) == paper


def _paper(seed: int) -> keys.RecoveryPaper:
    secret = bech32.encode("age-secret-key-", hashlib.sha256(bytes([seed // 256, seed % 256])).digest())
    return keys.recovery_paper(secret.upper())


def test_any_wrong_mark_names_its_group() -> None:
    for place, group in enumerate(PAPER.groups):
        for mark in range(len(group)):
            for other in set(bech32.CHARSET.upper()) - {group[mark]}:
                wrong = [*PAPER.groups]
                wrong[place] = group[:mark] + other + group[mark + 1 :]
                error = refusal(keys.read_paper, " ".join(wrong))
                assert error.code == "recovery.group"
                assert f"第 {place + 1} 组" in error.message


def test_exchanged_neighbours_name_their_group() -> None:
    for place, group in enumerate(PAPER.groups):
        for mark in range(len(group) - 1):
            if group[mark] == group[mark + 1]:
                continue
            wrong = [*PAPER.groups]
            wrong[place] = group[:mark] + group[mark + 1] + group[mark] + group[mark + 2 :]
            assert f"第 {place + 1} 组" in refusal(keys.read_paper, " ".join(wrong)).message


def test_exchanged_groups_name_the_first() -> None:
    for place in range(13):
        wrong = [*PAPER.groups]
        wrong[place], wrong[place + 1] = wrong[place + 1], wrong[place]
        if wrong != list(PAPER.groups):
            assert f"第 {place + 1} 组" in refusal(keys.read_paper, " ".join(wrong)).message


@pytest.mark.parametrize(
    ("groups", "code", "said"),
    [
        (PAPER.groups[:14], "recovery.length", "现在是 14 组"),
        ((*PAPER.groups, "QQQ"), "recovery.group", "第 16 组"),
        ((*PAPER.groups[:6], PAPER.groups[6][:4], *PAPER.groups[7:]), "recovery.group", "第 7 组应为 5 个字符"),
        (("中文", *PAPER.groups[1:]), "recovery.group", "第 1 组"),
        ((), "recovery.length", "现在是 0 组"),
    ],
    ids=["one missing", "one too many", "short group", "other script", "nothing"],
)
def test_a_paper_of_another_shape(groups: tuple[str, ...], code: str, said: str) -> None:
    error = refusal(keys.read_paper, " ".join(groups))
    assert error.code == code
    assert said in error.message


def test_a_scanned_secret_with_an_error_is_said_to_be_wrong() -> None:
    wrong = SECRET[:-1] + ("Q" if SECRET[-1] != "Q" else "P")
    assert refusal(keys.read_paper, wrong).code == "recovery.unreadable"


def test_a_secret_that_is_none() -> None:
    assert refusal(keys.public_of, "AGE-SECRET-KEY-1").code == "key.identity_invalid"
