"""No lock-in: the distribution's ``age`` opens what we write, and we open what it writes."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.vectors import make
from tests.vectors.package_writer import DISTRICT, FIRST_LINE, STRANGER, TOWN, VALUES, line, manifest, plain
from xzdesk.core.errors import UserError
from xzdesk.exchange import envelope, pack, parts, unpack
from xzdesk.exchange import manifest as manifests

AGE = shutil.which("age")
pytestmark = pytest.mark.skipif(AGE is None, reason="the program age is not installed")
KNOWN = {TOWN.key_id: TOWN.sign_public}


def age(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    assert AGE is not None
    return subprocess.run([AGE, *arguments], input=given, capture_output=True, check=False, timeout=60)


def decrypted(data: bytes, secret: str, folder: Path) -> bytes:
    identity = folder / "identity.txt"
    identity.write_text(secret + "\n", encoding="ascii")
    done = age("-d", "-i", str(identity), given=data)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("office", [DISTRICT, TOWN])
def test_age_opens_what_we_seal(office: object, tmp_path: Path) -> None:
    draft = manifests.decode(line(manifest(())))
    part = parts.csv_part("values.csv", ("a", "b"), [(str(number), "x" * 50) for number in range(3000)])
    sealed = pack.seal(draft, [part], bytes(TOWN.sign), [DISTRICT.box_public, TOWN.box_public])
    inside = decrypted(sealed.data, office.box_secret, tmp_path)  # type: ignore[attr-defined]
    first, _, manifest_line = inside.split(b"\n", 3)[:3]
    assert first + b"\n" == FIRST_LINE
    assert manifest_line == sealed.manifest_bytes


def test_the_paper_key_opens_with_age_alone(tmp_path: Path) -> None:
    sealed = envelope.encrypt(b"x" * 100_000, [STRANGER.box_public, DISTRICT.box_public])
    assert decrypted(sealed, STRANGER.box_secret, tmp_path) == b"x" * 100_000


@pytest.mark.parametrize("name", ["good-submission", "good-long", "header-16-stanzas"])
def test_age_opens_the_vectors(name: str, tmp_path: Path) -> None:
    assert decrypted(make.build(name), DISTRICT.box_secret, tmp_path).startswith(FIRST_LINE)


@pytest.mark.parametrize("name", ["payload-cut", "payload-empty-last-chunk", "header-mac-wrong", "header-low-order"])
def test_age_refuses_the_vectors(name: str, tmp_path: Path) -> None:
    identity = tmp_path / "identity.txt"
    identity.write_text(DISTRICT.box_secret + "\n", encoding="ascii")
    assert age("-d", "-i", str(identity), given=make.build(name)).returncode != 0


def test_we_open_what_age_writes() -> None:
    content = plain(line(manifest()))
    done = age("-r", DISTRICT.box_public, "-r", TOWN.box_public, given=content)
    assert done.returncode == 0, done.stderr
    opened = unpack.open_package(done.stdout, [DISTRICT.box_secret], KNOWN)
    assert opened.parts["values.csv"].rows == VALUES.entry["rows"]


def test_the_text_form_of_age_is_refused_in_words() -> None:
    done = age("-a", "-r", DISTRICT.box_public, given=plain(line(manifest())))
    with pytest.raises(UserError) as caught:
        unpack.open_package(done.stdout, [DISTRICT.box_secret], KNOWN)
    assert caught.value.code == "package.armored"
