"""The files of the sample data: where they lie, what they fill, and what identifies them."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from engine.errors import StoreUnavailableError

FOLDER = Path(__file__).parent
DEFINITIONS = FOLDER / "definitions"
RULES = FOLDER / "rules"
SCREENS = FOLDER / "screens"
ASSETS = FOLDER / "assets"
TOOLS = FOLDER / "tools"
ALERTS = FOLDER / "alerts"

SELECTS: Mapping[str, str] = {
    "airlines": "SELECT * FROM read_parquet(?)",
    "airports": "SELECT * FROM read_parquet(?)",
    "planes": "SELECT * FROM read_parquet(?)",
    "weather": "SELECT * FROM read_parquet(?)",
    "flights": "SELECT make_date(year, month, day) AS flight_date, * FROM read_parquet(?) "
    "ORDER BY flight_date, sched_dep_time, carrier, flight",
}
"""Each table and the DuckDB query over its Parquet file that fills it."""

VIEWS = ("carrier_delays", "route_delays", "daily_punctuality", "flight_weather")


def parquet_file(folder: Path, table: str) -> Path:
    """The file that fills `table`."""
    return folder / f"{table}.parquet"


def schema_sql() -> str:
    """The DDL of tables and views, valid in DuckDB and PostgreSQL."""
    return _read(FOLDER / "schema.sql").decode()


def fingerprint(folder: Path) -> str:
    """SHA-256 over everything the databases are built from.

    Raises:
        StoreUnavailableError: The folder or a file is missing or cannot be read; names it.
    """
    if not folder.is_dir():
        raise StoreUnavailableError(
            f"the sample data folder {folder} does not exist",
            hint="Restore the folder, or start with API_ENGINE_SAMPLE_DATA=false.",
        )
    digest = hashlib.sha256(schema_sql().encode())
    for table, select in SELECTS.items():
        digest.update(select.encode())
        digest.update(hashlib.sha256(_read(parquet_file(folder, table))).digest())
    return digest.hexdigest()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreUnavailableError(
            f"the sample data file {path} cannot be read: {error.strerror}",
            hint="Restore the file, or start with API_ENGINE_SAMPLE_DATA=false.",
        ) from error
