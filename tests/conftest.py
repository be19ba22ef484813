"""Fixtures for every test: the catalogue of a small, fictitious district."""

from pathlib import Path

import pytest

from xzdesk.core.catalogue import parse
from xzdesk.core.model import Catalogue
from xzdesk.services.catalogue_files import read_folder

TINY = Path(__file__).parent / "data" / "tiny"


@pytest.fixture(scope="session")
def tiny_files() -> dict[str, str]:
    """The texts of ``tests/data/tiny`` by name; copy before changing."""
    return read_folder(TINY)


@pytest.fixture(scope="session")
def tiny(tiny_files: dict[str, str]) -> Catalogue:
    """云溪区： 2 towns (one a subdistrict), 5 villages (one merged, one renamed), 2 communities, plan 2024-2028."""
    return parse(tiny_files)
