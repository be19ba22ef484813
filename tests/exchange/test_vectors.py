"""Every test vector is accepted, or refused with the failure class that vectors.json names."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.vectors import make
from xzdesk.core.errors import UserError
from xzdesk.exchange import manifest, parts, trust, unpack
from xzdesk.exchange.manifest import Kind, MediaType
from xzdesk.exchange.unpack import Opened

HERE = Path(make.__file__).parent
INDEX = json.loads((HERE / "vectors.json").read_text("utf-8"))
SENDER = INDEX["sender_keys"]
VECTORS: list[dict[str, str]] = INDEX["vectors"]


def content(vector: dict[str, str]) -> bytes:
    if "file" not in vector:
        return make.build(vector["recipe"])
    data = (HERE / vector["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == vector["sha256"], "the stored file has changed"
    return data


def open_vector(mode: str, data: bytes) -> None:
    """Do everything a receiver does with what came."""
    if mode == "manifest":
        manifest.decode(data)
        return
    if mode == "invitation":
        opened = unpack.open_invitation(data, INDEX["invitation_code"])
    else:
        known = {} if mode == "carried" else {SENDER["key_id"]: trust.base64_text.decode(SENDER["sign_public"])}
        opened = unpack.open_package(data, [INDEX["receiver_identity"]], known, allow_carried=mode == "carried")
    read_all(opened)


def read_all(opened: Opened) -> None:
    for part in opened.parts.values():
        if part.media_type is MediaType.CSV:
            parts.read_csv(part)
        elif part.media_type is MediaType.JSON:
            parts.read_json(part)
    readers: dict[Kind, Any] = {
        Kind.INVITATION: trust.read_invitation,
        Kind.ENROLMENT: trust.read_enrolment,
        Kind.RECEIPT: trust.read_receipt,
    }
    if opened.manifest.kind in readers:
        readers[opened.manifest.kind](opened.manifest)
    trust.read_trust_list(opened.manifest)
    trust.read_rotation(opened.manifest)
    trust.read_carried_keys(opened.manifest)


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_vector(vector: dict[str, str]) -> None:
    data = content(vector)
    if vector["expected"] == "accepted":
        open_vector(vector["mode"], data)
        return
    with pytest.raises(UserError) as caught:
        open_vector(vector["mode"], data)
    assert caught.value.code == vector["expected"], vector["why"]
    assert caught.value.message.endswith("。")
    assert caught.value.hint.endswith("。")


def test_stored_vectors_are_what_the_recipes_make() -> None:
    """Text, index and files change together, or not at all."""
    assert make.index() == INDEX


def test_every_stored_file_is_in_the_index() -> None:
    stored = {path.relative_to(HERE).as_posix() for path in (HERE / "files").iterdir()}
    assert stored == {vector["file"] for vector in VECTORS if "file" in vector}


def test_there_are_enough_and_they_stay_small() -> None:
    assert len({vector["name"] for vector in VECTORS}) == len(VECTORS) >= 60
    assert sum("file" in vector for vector in VECTORS) >= 60
    assert sum(path.stat().st_size for path in (HERE / "files").iterdir()) < 2 * 1024 * 1024
