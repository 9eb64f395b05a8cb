"""The committed bundles are what the committed sources build to."""

import hashlib
import json
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "pages"
FRONTEND = PAGES / "frontend"
ASSETS = PAGES / "assets"
MANIFEST = json.loads((ASSETS / "manifest.json").read_text())
SHARED_INPUTS = ("build.mjs", "package-lock.json", "package.json")


def hash_of_inputs(component):
    own = [path for path in (FRONTEND / component).rglob("*") if path.is_file()]
    paths = sorted([path.relative_to(FRONTEND).as_posix() for path in own] + [*SHARED_INPUTS])
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path}\0{(FRONTEND / path).read_text(encoding='utf-8')}\0".encode())
    return digest.hexdigest()


@pytest.mark.parametrize("component", MANIFEST)
def test_a_bundle_was_built_from_the_sources_beside_it(component):
    assert MANIFEST[component]["sources"] == hash_of_inputs(component), "run `make frontend`"


@pytest.mark.parametrize("component", MANIFEST)
def test_a_bundle_is_the_one_that_was_built(component):
    bundle = (ASSETS / f"{component}.js").read_bytes()

    assert MANIFEST[component]["bundle"] == hashlib.sha256(bundle).hexdigest()


def test_every_component_with_sources_has_a_bundle():
    components = {path.parent.name for path in FRONTEND.glob("*/index.js")}

    assert components == set(MANIFEST)


def test_the_lock_names_every_package_with_its_hash_and_no_host():
    lock = json.loads((FRONTEND / "package-lock.json").read_text())

    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert all("integrity" in entry for entry in packages.values())
    assert not any("resolved" in entry for entry in packages.values())
