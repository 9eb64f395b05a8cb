import orjson
import pytest

from engine.comparison import EXAMPLES, difference

TYPES = {"carrier": "VARCHAR", "month": "BIGINT", "delay": "DOUBLE"}


def table(*rows, types=TYPES):
    columns = [{"name": name, "type": kind} for name, kind in types.items()]
    return {"columns": columns, "rows": [dict(zip(types, row, strict=True)) for row in rows]}


def compared(before, after):
    return difference(orjson.dumps(before), orjson.dumps(after))


A, B, C = ("AA", 1, 7.5), ("AA", 2, 8.5), ("B6", 1, 9.5)


@pytest.mark.parametrize("answer", [table(A, B), table(), [{"n": 1}], {"a": [1, None]}, 5, None])
def test_the_same_answer_does_not_differ(answer):
    assert compared(answer, answer).is_empty


def test_a_changed_value_is_told_by_the_columns_that_name_its_row():
    found = compared(table(A, B, C), table(A, ("AA", 2, 8.0), C))

    assert (found.rows_changed, found.rows_added, found.rows_removed) == (1, 0, 0)
    [example] = found.examples
    assert (example.where, example.before, example.after) == (
        "carrier=AA, month=2, delay",
        8.5,
        8.0,
    )


def test_rows_that_came_and_went_are_counted_and_shown():
    found = compared(table(A, B), table(B, C))

    assert (found.rows_changed, found.rows_added, found.rows_removed) == (0, 1, 1)
    assert [(each.before, each.after) for each in found.examples] == [
        (dict(zip(TYPES, A, strict=True)), None),
        (None, dict(zip(TYPES, C, strict=True))),
    ]
    assert (found.rows_before, found.rows_after) == (2, 2)


def test_another_order_is_a_difference_of_its_own():
    found = compared(table(A, B), table(B, A))

    assert found.reordered
    assert not found.rows_changed
    assert not found.is_empty


def test_columns_are_told_apart_from_rows():
    types = {"carrier": "VARCHAR", "month": "DOUBLE", "late": "BOOLEAN"}
    found = compared(table(A), table(("AA", 1, True), types=types))

    assert found.columns_removed == ("delay",)
    assert found.columns_added == ("late",)
    assert found.retyped == ("month: BIGINT → DOUBLE",)
    assert not found.rows_changed


def test_equal_rows_are_counted_each():
    found = compared(table(A, A, B), table(A, B, B))

    assert (found.rows_added, found.rows_removed, found.rows_changed) == (0, 0, 1)
    assert compared(table(A, A), table(A)).rows_removed == 1


def test_a_table_of_one_column_is_compared_in_order():
    found = compared(table(("x",), types={"n": "TEXT"}), table(("y",), types={"n": "TEXT"}))

    assert found.rows_changed == 1
    assert (found.examples[0].before, found.examples[0].after) == ("x", "y")


def test_what_is_no_table_is_compared_value_by_value():
    found = compared({"a": {"b": [1, 2]}, "c": 1}, {"a": {"b": [1, 3, 4]}, "d": 1})

    assert found.values_changed == 4
    assert [each.where for each in found.examples] == ["a.b[1]", "a.b[2]", "c", "d"]


def test_only_the_first_differences_are_shown():
    before = table(*(("AA", month, 1.0) for month in range(40)))
    after = table(*(("AA", month, 2.0) for month in range(40)))

    found = compared(before, after)

    assert found.rows_changed == 40
    assert len(found.examples) == EXAMPLES


def test_the_order_of_keys_in_a_value_is_no_difference():
    assert compared({"a": {"x": 1, "y": 2}}, {"a": {"y": 2, "x": 1}}).is_empty
