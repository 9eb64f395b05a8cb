"""The package's public face: every name is there, and importing it costs next to nothing."""

import subprocess
import sys

import pytest

import engine


@pytest.mark.parametrize("name", engine.__all__)
def test_every_public_name_can_be_imported(name: str) -> None:
    assert getattr(engine, name).__name__ == name


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = engine.nonsense


def test_the_package_alone_loads_no_library() -> None:
    loaded = "import sys, engine; print([m for m in ('pydantic', 'numpy') if m in sys.modules])"

    told = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True)

    assert told.stdout.strip() == "[]"
