"""Makes the test vectors: ``python -m tests.vectors.make`` writes the small ones and ``vectors.json`` beside this file.

What is stored stays the same for ever: other programs and later versions are tested with it. Large vectors are
recipes: they are made anew, by name, wherever they are needed.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from tests.vectors import cases_envelope, cases_manifest, cases_parts, cases_signed, package_writer
from tests.vectors.case import Case, Mode

HERE = Path(__file__).parent
INDEX = HERE / "vectors.json"
FILES = HERE / "files"
LARGEST_STORED = 8 * 1024

CASES: dict[str, Case] = {
    case.name: case
    for case in [
        *cases_envelope.CASES,
        *cases_signed.CASES,
        *cases_manifest.CASES,
        *cases_parts.CASES,
    ]
}


def build(name: str) -> bytes:
    return CASES[name].build()


def index() -> dict[str, Any]:
    """What ``vectors.json`` says."""
    return {
        "about": "Packages that every reader must accept, or refuse with the named failure class; see README.md.",
        "receiver_identity": package_writer.DISTRICT.box_secret,
        "sender_keys": package_writer.TOWN.keys(),
        "invitation_code": package_writer.CODE,
        "vectors": [entry(case, case.build()) for case in CASES.values()],
    }


def entry(case: Case, data: bytes) -> dict[str, str]:
    said = {"name": case.name, "mode": case.mode.value, "expected": case.expected, "why": case.why}
    if len(data) > LARGEST_STORED:
        return said | {"recipe": case.name}
    return said | {"file": f"files/{file_name(case)}", "sha256": hashlib.sha256(data).hexdigest()}


def file_name(case: Case) -> str:
    return f"{case.name}.{'json' if case.mode is Mode.MANIFEST else 'xzpkg'}"


def main() -> int:
    FILES.mkdir(exist_ok=True)
    for path in FILES.iterdir():
        path.unlink()
    for case in CASES.values():
        data = case.build()
        if len(data) <= LARGEST_STORED:
            (FILES / file_name(case)).write_bytes(data)
    INDEX.write_text(json.dumps(index(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
