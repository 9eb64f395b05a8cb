"""Lists that are at hand as a whole are searched, ordered and cut into pages."""

from datetime import UTC, datetime

from engine.model.listing import ListQuery, listed, newest_first

NAMES = ("Ada", "grace", "Alan", "Adele")


def found(query, **how):
    return listed(NAMES, query, words=lambda name: (name,), **how)


def test_letters_count_in_any_case_and_anywhere():
    assert found(ListQuery(q="  aD ")).items == ("Ada", "Adele")
    assert found(ListQuery(q="RAC")).items == ("grace",)


def test_without_a_search_all_are_there_in_their_order():
    assert found(ListQuery()).items == NAMES


def test_all_that_match_are_ordered_before_they_are_cut_into_pages():
    page = found(ListQuery(limit=2, offset=2), order=str.casefold)

    assert page.items == ("Alan", "grace")
    assert page.total == len(NAMES)


def test_beyond_the_last_page_is_nothing():
    assert found(ListQuery(offset=50)).items == ()


def test_the_newest_come_first_and_what_never_was_last():
    old, new = (datetime(year, 1, 1, tzinfo=UTC) for year in (2020, 2026))

    assert sorted([None, old, new], key=newest_first) == [new, old, None]
