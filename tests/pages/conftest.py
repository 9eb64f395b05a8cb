"""Pages over a real engine: data of its own, the visitor at this machine."""

import functools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit import config
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from engine.bootstrap import build_engine, default_engine
from engine.facade import Engine, local_caller
from engine.model import Caller
from engine.settings import Settings
from pages.components import running

PATIENCE_S = 60.0
ROUTER = Path(__file__).parents[2] / "pages" / "_router.py"
OpenPage = Callable[..., AppTest]


@pytest.fixture(scope="session", autouse=True)
def _one_scan_for_components() -> Iterator[None]:
    """Without it every visit reads the metadata of all installed packages again."""
    with pytest.MonkeyPatch.context() as patch:
        found = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", found)
        yield


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the sample data and the sample APIs, to be copied."""
    folder = tmp_path_factory.mktemp("samples") / "data"
    build_engine(Settings.load(data_dir=folder)).close()
    return folder


@pytest.fixture
def eng(sample_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The engine that the pages use, over a copy of the samples."""
    folder = shutil.copytree(sample_folder, tmp_path / "data")
    yield from _process_engine(folder, monkeypatch)


@pytest.fixture
def empty_eng(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The engine of an instance that nobody has used, without samples."""
    monkeypatch.setenv("API_ENGINE_SAMPLE_DATA", "false")
    yield from _process_engine(tmp_path / "data", monkeypatch)


def _process_engine(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("API_ENGINE_DATA_DIR", str(folder))
    # What a button begins has ended when the run is over: a test presses no key meanwhile.
    monkeypatch.setattr(running, "AT_ONCE_S", PATIENCE_S)
    _forget()
    address = config.get_option("server.address")
    config.set_option("server.address", "127.0.0.1")
    with default_engine() as engine:
        yield engine
    config.set_option("server.address", address)
    _forget()


def _forget() -> None:
    default_engine.cache_clear()
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def caller() -> Caller:
    return local_caller()


@pytest.fixture
def open_page() -> OpenPage:
    """Open a page of the dashboard by its path below `pages/`, with query parameters."""

    def open_page(path: str = "home.py", **query: str) -> AppTest:
        visit = AppTest.from_file(str(ROUTER), default_timeout=30)
        visit.run()
        for name, value in query.items():
            visit.query_params[name] = value
        visit.switch_page(path)
        return visit.run()

    return open_page
