"""What the end-to-end tests share: real offices, as the services' tests make them, with cheap passphrases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.state import copy_workspace, open_with_key
from tests.e2e.world import World, make_world
from tests.services.conftest import Offices
from xzdesk.core.model import Catalogue
from xzdesk.services.session import Session
from xzdesk.store import keyslots


@pytest.fixture(scope="session")
def cheap_stretching() -> Iterator[None]:
    """Argon2id at its least: what a passphrase costs is no matter of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keyslots, "MEMORY", 64 * 1024)
        patch.setattr(keyslots, "PASSES", 1)
        yield


@pytest.fixture(scope="module")
def module_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("offices")


@pytest.fixture(scope="module")
def prepared(module_folder: Path, tiny: Catalogue, cheap_stretching: None) -> Iterator[Offices]:
    """Offices that a whole module begins from."""
    made = Offices(module_folder, tiny)
    yield made
    made.close()


@pytest.fixture
def offices(tmp_path: Path, tiny: Catalogue, cheap_stretching: None) -> Iterator[Offices]:
    made = Offices(tmp_path, tiny)
    yield made
    made.close()


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, tiny: Catalogue, cheap_stretching: None) -> World:
    """A closed district with two towns, one of which will lie."""
    return make_world(Offices(tmp_path_factory.mktemp("world"), tiny))


@pytest.fixture
def district(world: World, tmp_path: Path) -> Iterator[Session]:
    """A copy of the world's district."""
    with open_with_key(copy_workspace(world.district, tmp_path), world.key, "区专班") as session:
        yield session
