"""Plans of both databases are told in words."""

from engine.call import ExecutionRequest
from pages.components.sql.plan_words import plan_words

POSTGRES = """Limit  (cost=35.56..35.57 rows=5 width=40)
  ->  Sort  (cost=35.56..36.06 rows=200 width=40)
        Sort Key: (count(*)) DESC
        ->  HashAggregate  (cost=30.00..32.00 rows=200 width=40)
              Group Key: f.carrier
              ->  Hash Join  (cost=1.36..25.00 rows=1000 width=32)
                    Hash Cond: (f.carrier = a.carrier)
                    ->  Seq Scan on flights f  (cost=0.00..20.00 rows=1000 width=3)
                          Filter: (origin = 'JFK'::text)
                    ->  Index Scan using airlines_pkey on airlines a  (cost=0.1..1.1 rows=1 width=3)
                          Index Cond: (carrier = 'AA'::text)"""


def test_a_plan_of_duckdb_is_told_from_its_first_step_on(eng, caller):
    request = ExecutionRequest(api="delays-by-carrier", params={"origin": "JFK"})

    words = plan_words(eng.dry_run(request, caller)["plan"])

    assert [each.split(",")[0] for each in words] == [
        "Read airlines as a whole",
        "Read flights where origin = 'JFK'",
        "Join where carrier = carrier",
        "Group and compute the measures",
        "Keep the first 20 by avg_arr_delay DESC",
    ]
    assert words[0].endswith("about 16 rows")


def test_a_plan_of_postgres_is_told_from_its_first_step_on():
    assert plan_words(POSTGRES) == [
        "Look up airlines by an index where (carrier = 'AA'::text), about 1 row",
        "Read flights where (origin = 'JFK'::text), about 1,000 rows",
        "Join where (f.carrier = a.carrier), about 1,000 rows",
        "Group by f.carrier, about 200 rows",
        "Sort by (count(*)) DESC, about 200 rows",
        "Stop at the limit, about 5 rows",
    ]


def test_an_unknown_plan_is_left_to_be_read_as_it_is():
    assert plan_words("SCAN everything") == []
