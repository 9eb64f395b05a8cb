from fnmatch import fnmatchcase

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import create_engine, literal, select

from storage.scopes import name_regex

NAMES = st.text("ab9-_", min_size=1, max_size=6)
PATTERNS = st.text("ab9-_*?[]!^\\.", max_size=8)
DIALECTS = ["sqlite", "postgres"]


@pytest.fixture(scope="module", params=DIALECTS)
def matches(request):
    """Whether the database finds that a name matches a pattern."""
    url = "sqlite://"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url").replace(
            "postgresql://", "postgresql+psycopg://"
        )
    engine = create_engine(url)
    with engine.connect() as connection:
        yield lambda name, pattern: connection.execute(
            select(literal(name).regexp_match(name_regex(pattern)))
        ).scalar_one()
    engine.dispose()


@given(NAMES, PATTERNS)
@example("a-b", "a[!b]b")
@example("a-b", "a[a-]b")
@example("b", "[a-b]")
@example("a", "[b-a]")
@example("a", "[]a]")
@example("a", "[^a]")
def test_the_databases_match_names_as_the_engine_does(matches, name, pattern):
    assert bool(matches(name, pattern)) is fnmatchcase(name, pattern)
