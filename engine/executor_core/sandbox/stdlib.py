"""The standard library as scripts get it: loaded ahead, and the folders it can be read from.

Modules in C must be loaded before the walls stand, since no native code can be loaded behind them;
the rest is loaded too so that no script waits for an import, and because without file access none
could be loaded later.
"""

import importlib
import mimetypes
import os
import sys
import sysconfig
import zoneinfo
from pathlib import Path

_LEFT_OUT = frozenset(
    {"__hello__", "__phello__", "antigravity", "this"}  # they speak when imported
    | {"idlelib", "test", "lib2to3", "ensurepip", "venv", "distutils", "pydoc_data", "msilib"}
    | {"tkinter", "turtle", "turtledemo"}
)
_SUBMODULES = (
    "collections.abc concurrent.futures.thread email.message email.mime.multipart email.mime.text"
    " encodings.ascii encodings.cp1250 encodings.cp1251 encodings.cp1252 encodings.cp437"
    " encodings.idna encodings.latin_1 encodings.punycode encodings.raw_unicode_escape"
    " encodings.unicode_escape encodings.utf_16 encodings.utf_32 encodings.utf_8_sig html.entities"
    " html.parser importlib.metadata importlib.resources logging.config logging.handlers"
    " unittest.mock urllib.parse xml.dom.minidom xml.etree.ElementTree xml.sax"
)


def preload() -> None:
    """Import all of the standard library that means anything to a script."""
    for name in sorted(sys.stdlib_module_names - _LEFT_OUT):
        if not name.startswith(("_test", "_xx", "_tkinter")):
            _import(name)
    for name in _SUBMODULES.split():
        _import(name)
    mimetypes.knownfiles.clear()  # the machine's own tables are not to be read
    mimetypes.init()


def folders() -> tuple[Path, ...]:
    """Where the standard library and the time zones are read from."""
    library = {Path(sysconfig.get_path(kind)) for kind in ("stdlib", "platstdlib")}
    loaded = {Path(entry) for entry in sys.path if Path(entry).is_dir()}
    zones = {Path(entry) for entry in zoneinfo.TZPATH if Path(entry).is_dir()}
    return tuple(sorted(library | loaded | zones))


def third_party_folders() -> tuple[Path, ...]:
    """Folders inside the library that hold what others installed."""
    return tuple(
        folder / name for folder in folders() for name in ("site-packages", "dist-packages")
    )


def entries_without_third_party() -> tuple[Path, ...]:
    """The library's files and folders one by one, installed packages left out."""
    hidden = set(third_party_folders())
    return tuple(
        Path(entry.path)
        for folder in folders()
        for entry in os.scandir(folder)
        if Path(entry.path) not in hidden
    )


def _import(name: str) -> None:
    try:
        importlib.import_module(name)
    except ImportError:
        sys.modules.pop(name, None)
