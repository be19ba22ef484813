"""A package cut at any byte or with any bit flipped is refused in words, and nothing is left behind."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.vectors import make
from tests.vectors.package_writer import DISTRICT, TABLE, TOWN, line, manifest, plain, sealed
from xzdesk.core.errors import UserError
from xzdesk.exchange import manifest as manifests
from xzdesk.exchange import pack, unpack
from xzdesk.exchange.manifest import MediaType
from xzdesk.exchange.parts import Part

KNOWN = {TOWN.key_id: TOWN.sign_public}
CLASSES = {
    "package.truncated",
    "package.not_package",
    "package.header_invalid",
    "package.passphrase",
    "package.not_for_us",
    "package.damaged",
}


def stored() -> bytes:
    """The same bytes everywhere and always."""
    return (make.FILES / "good-submission.xzpkg").read_bytes()


def written() -> bytes:
    """By the program itself."""
    draft = manifests.decode(line(manifest(())))
    part = Part("values.csv", MediaType.CSV, "values", TABLE, 1)
    return pack.seal(draft, [part], bytes(TOWN.sign), [DISTRICT.box_public, TOWN.box_public]).data


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield
    assert list(tmp_path.iterdir()) == []


def refusal(data: bytes) -> str:
    with pytest.raises(UserError) as caught:
        unpack.open_package(data, [DISTRICT.box_secret], KNOWN, allow_carried=True)
    return caught.value.code


@pytest.mark.parametrize("source", [stored, written])
def test_the_undamaged_package_opens(source: Callable[[], bytes]) -> None:
    opened = unpack.open_package(source(), [DISTRICT.box_secret], KNOWN)
    assert opened.parts["values.csv"].content == TABLE


@pytest.mark.parametrize("source", [stored, written])
def test_cut_at_every_byte(source: Callable[[], bytes]) -> None:
    whole = source()
    for length in range(len(whole)):
        assert refusal(whole[:length]) in CLASSES, length


@pytest.mark.parametrize("bit", range(8))
@pytest.mark.parametrize("source", [stored, written])
def test_flip_of_every_bit(source: Callable[[], bytes], bit: int) -> None:
    whole = bytearray(source())
    for place in range(len(whole)):
        whole[place] ^= 1 << bit
        assert refusal(bytes(whole)) in CLASSES, place
        whole[place] ^= 1 << bit


def test_every_byte_of_the_content_is_signed() -> None:
    """Whoever can encrypt to us still cannot change a byte: every byte inside is covered by signature or digest."""
    inside = bytearray(plain(line(manifest())))
    for place in range(len(inside)):
        inside[place] ^= 1
        assert refusal(sealed(bytes(inside), "changed inside")).startswith("package."), place
        inside[place] ^= 1
