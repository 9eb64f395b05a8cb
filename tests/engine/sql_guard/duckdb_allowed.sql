select 1 -- reason: a constant
SELECT id, carrier FROM flights WHERE id = 1 -- reason: a plain query
from flights select id limit 1 -- reason: FROM first
from carriers -- reason: FROM alone
select updated_at, created_at, deleted from (values (now(), now(), true)) as t(updated_at, created_at, deleted) -- reason: names that hold keywords
select 'DELETE FROM flights' as text -- reason: a keyword in a literal
select 'a; drop table flights' as text -- reason: a semicolon in a literal
select 1 as "drop table", 2 as "select" -- reason: keywords as quoted names
select 1 -- drop table flights -- reason: a keyword in a comment
select /* delete from flights; */ 1 -- reason: a statement in a comment
select /* outer /* nested */ still */ 1 -- reason: nested comments
select 1; -- reason: a trailing semicolon
select 1;; -- reason: two trailing semicolons
  select 1   -- reason: white space around
select 1, 2 -- reason: no-break and em spaces as white space
select $$drop table flights$$ as text -- reason: a dollar-quoted literal
select $tag$ it's; -- fine $tag$ as text -- reason: a tagged dollar quote
select e'it\'s; -- \\ fine' as text -- reason: an escape string
select '10:30' as at, time '10:30' as t -- reason: colons in literals
select '2013-01-01'::date::varchar, try_cast('x' as integer), cast('1' as int) -- reason: casts
select id from flights where carrier in ('AA', 'B6') and id not in (1, 2) limit 2 -- reason: IN with a list
select id from flights where id between 1 and 5 and not id = 3 -- reason: BETWEEN and NOT
select id from flights where carrier like 'A%' or carrier ilike 'b_' or carrier not like 'x' limit 2 -- reason: LIKE and ILIKE
select id from flights where carrier glob 'A*' or carrier similar to 'A.*' limit 2 -- reason: GLOB and SIMILAR TO
select id from flights where regexp_matches(carrier, '^A') and carrier ~ 'A.' limit 2 -- reason: regular expressions
select id from flights where delay is distinct from 1 and delay is not null limit 2 -- reason: IS DISTINCT FROM
select distinct carrier from flights -- reason: DISTINCT
select distinct on (carrier) carrier, id from flights order by carrier, id desc -- reason: DISTINCT ON
select carrier, count(*) from flights group by carrier having count(*) > 1 -- reason: GROUP BY and HAVING
select carrier, count(*) from flights group by all order by all -- reason: GROUP BY ALL and ORDER BY ALL
select carrier, day, sum(delay) from flights group by rollup (carrier, day) limit 5 -- reason: ROLLUP
select carrier, day, sum(delay) from flights group by cube (carrier, day) limit 5 -- reason: CUBE
select carrier, grouping(carrier), count(*) from flights group by grouping sets ((carrier), ()) -- reason: GROUPING SETS
select count(*) filter (where delay > 10), count() from flights -- reason: FILTER and count()
select quantile_cont(delay, 0.5), median(delay), mode(carrier), percentile_cont(0.5) within group (order by delay) from flights -- reason: quantiles
select string_agg(carrier, ',' order by id), list(id order by id), array_agg(distinct carrier) from flights where id < 3 -- reason: ORDER BY in an aggregate
select arg_max(carrier, delay), max_by(id, delay), min(delay), max(id, 3), any_value(carrier) from flights -- reason: arg_max and top n
select histogram(carrier), approx_count_distinct(id), approx_quantile(delay, 0.5), entropy(carrier) from flights -- reason: approximate aggregates
select stddev(delay), var_pop(delay), corr(id, delay), regr_slope(delay, id), kurtosis(delay), skewness(delay) from flights -- reason: statistics
select bool_and(delay >= 0), bit_or(id), product(2), sum(delay), avg(delay), kahan_sum(delay::double) from flights -- reason: more aggregates
select id, row_number() over (partition by carrier order by delay) from flights limit 3 -- reason: a window function
select id, sum(delay) over w, lag(delay, 1, 0) over w from flights window w as (order by id) limit 3 -- reason: a named window
select id, avg(delay) over (order by id rows between 2 preceding and current row exclude ties) from flights limit 3 -- reason: a frame with EXCLUDE
select id, count(*) over (order by day range between interval 7 days preceding and current row) from flights limit 3 -- reason: a range frame
select id, first_value(id ignore nulls) over (order by id), nth_value(id, 2) over (order by id), ntile(4) over (order by id) from flights limit 3 -- reason: value functions
select id, rank() over (order by delay), dense_rank() over (order by delay), percent_rank() over (order by id), cume_dist() over (order by id) from flights limit 2 -- reason: ranking functions
select id, delay from flights qualify row_number() over (partition by carrier order by delay desc) = 1 -- reason: QUALIFY
select f.id, c.name from flights f join carriers c on c.code = f.carrier limit 3 -- reason: a join
select c.code, f.id from carriers c left join flights f on f.carrier = c.code and f.id < 3 -- reason: a left join
select * from carriers full join (values ('ZZ')) as v(code) using (code) -- reason: a full join with USING
select * from carriers natural join (select code from carriers) other -- reason: a natural join
select c.code, d.n from carriers c cross join (values (1), (2)) as d(n) -- reason: a cross join
select * from carriers semi join flights on code = carrier -- reason: a semi join
select * from carriers anti join flights on code = carrier -- reason: an anti join
select f.id, x.n from flights f asof join (select 5 as id, 'late' as n) x on f.id >= x.id limit 2 -- reason: an ASOF join
select * from (select 1 as a) positional join (select 2 as b) -- reason: a positional join
select c.code, x.id from carriers c, lateral (select id from flights f where f.carrier = c.code limit 1) x -- reason: LATERAL
select * from range(3) as r(i), generate_series(1, 2) as g(j) -- reason: table functions
select unnest([1, 2]) as n, unnest({'a': 1, 'b': 2}) -- reason: unnest in SELECT
select * from unnest([1, 2]) as u(n) -- reason: unnest in FROM
select unnest([{'a': 1}, {'a': 2}], recursive := true) -- reason: a recursive unnest
select * from (values (1, 'a'), (2, 'b')) as v(n, t) -- reason: VALUES as a table
values (1, 'a'), (2, 'b') -- reason: VALUES alone
table carriers -- reason: TABLE
select (select max(id) from flights) as newest -- reason: a scalar subquery
select id from flights where exists (select 1 from carriers where code = flights.carrier) limit 2 -- reason: EXISTS
select id from flights where carrier in (select code from carriers) limit 2 -- reason: IN with a subquery
select id from flights where delay >= all (select 499) limit 2 -- reason: ALL
select array(select code from carriers order by 1) as codes -- reason: ARRAY of a subquery
select 1 union select 2 -- reason: UNION
select 1 union all select 1 union all select 2 -- reason: a UNION ALL report
select 1 as a union by name select 2 as b -- reason: UNION BY NAME
select code from carriers intersect select carrier from flights -- reason: INTERSECT
select code from carriers except all select 'AA' -- reason: EXCEPT ALL
(select 1 order by 1 limit 1) union all (select 2) order by 1 -- reason: parenthesised arms
with a as (select 1 as n) select n from a -- reason: a CTE
with a as (select 1 as n), b as (select n + 1 as n from a) select * from a, b -- reason: two CTEs
with a as materialized (select 1 as n) from a -- reason: a materialized CTE
with a(n) as not materialized (values (1)) select n from a -- reason: a CTE with column names
with flights as (select * from flights where id = 1) select * from flights -- reason: a CTE that shadows its table
with recursive t(n) as (select 1 union all select n + 1 from t where n < 5) select n from t -- reason: recursion
with recursive t(k, v) using key (k) as (select 1, 1 union select k, v + 1 from t where v < 3) select * from t -- reason: recursion USING KEY
with "a.csv" as (select 1 as n) select n from "a.csv" -- reason: a CTE named like a file
with duckdb_settings as (select 1 as n) select n from duckdb_settings -- reason: a CTE named like a system table
select id from flights order by delay desc nulls last, id limit 5 offset 2 -- reason: ORDER BY with NULLS LAST
select id from flights order by id limit 10% -- reason: a percentage as LIMIT
select id, delay from flights order by 2 desc, 1 limit 1 -- reason: ORDER BY positions
select #1 from carriers order by #1 -- reason: positional references
select case when delay > 10 then 'late' else 'fine' end, case carrier when 'AA' then 1 end, if(delay > 1, 1, 0) from flights limit 2 -- reason: CASE and if
select coalesce(delay, 0), nullif(carrier, 'AA'), ifnull(null, 1), greatest(1, 2), least(1, 2) from flights limit 1 -- reason: conditional expressions
select extract(year from day), date_part('dow', day), year(day), dayname(day), day + 1, day - date '2013-01-01' from flights limit 1 -- reason: date functions
select date_trunc('month', day), day + interval 1 month, day + interval '2 days', date_diff('day', day, date '2014-01-01'), last_day(day) from flights limit 1 -- reason: date arithmetic
select now() at time zone 'UTC', current_date, current_timestamp, today(), localtime -- reason: the current time
select strftime(day, '%Y-%m'), strptime('2013', '%Y'), to_timestamp(0), epoch_ms(0), make_date(2013, 1, 31) from flights limit 1 -- reason: formatting
select time_bucket(interval '7 days', day), age(timestamp '2013-01-01'), to_days(3), interval (id) day from flights limit 1 -- reason: intervals
select timestamptz '2013-01-31 10:30+02', timestamp_ns '2013-01-31 10:30:00.123456789' -- reason: timestamps
select upper(carrier) || '-' || lower(carrier) || length(carrier)::varchar, carrier[1], carrier[1:1], carrier[-1] from flights limit 1 -- reason: text functions and slices
select substring('flight' from 2 for 3), trim(both 'x' from 'xax'), position('l' in 'fly'), 'abc'.upper().left(1) -- reason: SQL text syntax and chained functions
select regexp_replace('a1', '\d', 'x'), regexp_extract('a1', '(\w)(\d)', 2), string_split('a,b', ','), format('{} {}', 1, 2), printf('%d', 3) -- reason: more text functions
select md5('a'), sha256('a'), hash('a'), base64('a'::blob), encode('é'), url_encode('a b'), hex(255), bin(5), to_base(10, 2) -- reason: encoding
select levenshtein('a', 'b'), jaro_winkler_similarity('a', 'b'), starts_with('ab', 'a'), contains('abc', 'b'), strip_accents('é'), reverse('ab') -- reason: text similarity
select 'a' collate nocase = 'A', unicode('é'), chr(233), bar(1, 0, 10), repeat('a', 3), lpad('1', 3, '0'), translate('abc', 'a', 'x') -- reason: collations
select round(1.005, 2), 7 // 2, 7 % 3, 2 ** 3, 2 ^ 3, @(-5), 4! as f -- reason: arithmetic operators
select sqrt(2), ln(1), exp(0), pi(), degrees(1), gcd(4, 6), bit_count(5), xor(1, 2), isnan('nan'::double), sign(-1), trunc(-1.5) -- reason: arithmetic functions
select random() between 0 and 1, uuid() is not null, gen_random_uuid() is not null -- reason: harmless volatile functions
select 5 & 3, 5 | 3, ~5, 1 << 3, '101'::bit -- reason: bit operators
select [1, 2, 3], [1, 2][1], [1, 2, 3][2:3], [1, 2, 3][:-1], [1, 2, 3][-1:], [1,2,3][1:3:2] -- reason: lists, subscripts and slices
select a[1:n] from (select [1, 2, 3] as a, 2 as n) t -- reason: a slice by a column
select list_transform([1, 2], lambda x: x + 1), list_filter([1, 2], lambda x: x > 1), list_reduce([1, 2], lambda a, b: a + b) -- reason: lambdas
select [x * 2 for x in [1, 2, 3] if x > 1] -- reason: a list comprehension
select list_sort([2, 1]), list_distinct([1, 1]), list_contains([1], 1), list_sum([1, 2]), list_zip([1], ['a']), flatten([[1], [2]]), len([1]) -- reason: list functions
select [1, 2] || [3], [1] && [1], 1 in [1, 2], list_slice([1,2,3], 1, 2), list_aggregate([1, 2], 'sum'), list_position([1], 1) -- reason: list operators
select array_value(1, 2)::integer[2], array_cosine_distance([1.0, 2.0]::float[2], [1.0, 2.0]::float[2]) -- reason: arrays
select {'a': 1, 'b': {'c': 2}}.b.c, struct_pack(a := 1), row(1, 'x'), struct_extract({'a': 1}, 'a'), {'a': 1}['a'] -- reason: structs
select struct_insert({'a': 1}, b := 2), struct_keys({'a': 1}), unnest(struct_values({'a': 1})) from (select 1) limit 0 -- reason: struct functions
select map {'a': 1}['a'], map_keys(map {'a': 1}), map_from_entries([('a', 1)]), cardinality(map {'a': 1}), element_at(map {'a': 1}, 'a') -- reason: maps
select union_value(num := 1), union_tag(union_value(num := 1)), 1::union(num integer, txt varchar) -- reason: unions
select 'a'::enum('a', 'b'), enum_range(null::enum('a', 'b')) -- reason: enums
select '{"a": {"b": 1}}'::json -> 'a' ->> 'b', '{"a": 1}'::json ->> '$.a' -- reason: JSON operators
select json_extract('{"a": [1]}', '$.a[0]'), json_extract_string('{"a": "x"}', 'a'), json_keys('{"a": 1}'), json_type('1'), json_valid('{}') -- reason: JSON functions
select json_object('a', 1), json_array(1, 'x'), to_json({'a': 1}), json_group_array(code), json_group_object(code, name) from carriers -- reason: JSON builders
select * from json_each('{"a": 1}') -- reason: json_each
select * from json_tree('{"a": [1, 2]}') -- reason: json_tree
select json_transform('{"a": "1"}', '{"a": "INTEGER"}'), from_json('[1]', '["INTEGER"]'), json_structure('{"a": 1}'), json_merge_patch('{}', '{"a": 1}') -- reason: JSON to structs
select * exclude (name) from carriers -- reason: EXCLUDE
select * replace (upper(name) as name) from carriers -- reason: REPLACE
select * rename (name as title) from carriers -- reason: RENAME
select columns('c.*') from carriers -- reason: COLUMNS with a pattern
select columns(lambda c: c like 'n%') from carriers -- reason: COLUMNS with a lambda
select min(columns(*)) from carriers -- reason: COLUMNS(*)
select c.* from carriers c -- reason: a qualified star
select coalesce(*columns('c.*')) as first_known from carriers -- reason: COLUMNS unpacked
pivot (select carrier, extract(month from day) as m, delay from flights) on m in (1, 2) using avg(delay) group by carrier -- reason: PIVOT with a list
pivot carriers on code using count(*) -- reason: PIVOT over the data
select * from (pivot (select code, length(name) as n from carriers) on code using sum(n)) -- reason: PIVOT over the data in a subquery
with p as (pivot (select code, 1 as n from carriers) on code using sum(n)) select * from p -- reason: PIVOT over the data in a CTE
pivot flights on carrier, year(day) using count(*) -- reason: PIVOT on two columns and an expression
from carriers pivot (count(name) for code in ('AA', 'B6')) -- reason: the SQL standard's PIVOT
unpivot (select 1 as a, 2 as b) on a, b into name n value v -- reason: UNPIVOT
from (select 1 as a, 2 as b) unpivot (v for n in (a, b)) -- reason: the SQL standard's UNPIVOT
unpivot (select 1 as a, 2 as b) on columns(*) into name n value v -- reason: UNPIVOT ON COLUMNS(*)
select * from flights tablesample 10% -- reason: TABLESAMPLE
select * from flights using sample reservoir(5 rows) repeatable (1) -- reason: USING SAMPLE
select * from flights tablesample bernoulli(1 percent) -- reason: TABLESAMPLE with a method
select id as "Id", day as "day of the flight" from flights as "Flights" limit 1 -- reason: quoted names
select Id, CARRIER from FLIGHTS where ID = 1 -- reason: names in capitals
select main.flights.id from main.flights limit 1 -- reason: a schema-qualified column
select x: 1, y: 'b' -- reason: prefix aliases
from f: flights select f.id limit 1 -- reason: a prefix alias of a table
select id, from flights limit 1 -- reason: a trailing comma
select 1 as select_count, 2 as into_total, 3 as copy_state, 4 as attach_id -- reason: names that begin with keywords
select attach, copy, install, load, pragma, set, call, export, import from (values (1,2,3,4,5,6,7,8,9)) as t(attach, copy, install, load, pragma, set, call, export, import) -- reason: unreserved keywords as columns
select "read_csv", getenv, current_setting from (select 1 as read_csv, 2 as getenv, 3 as current_setting) -- reason: columns named like functions that are not allowed
select 'read_csv(''/etc/passwd'')' as text, 'pragma version' as other -- reason: calls in literals
select 'naïve' as "naïve", '日本' as 語, 'a b' as "a b" -- reason: characters outside ASCII
select null::varchar, null is null, not null::boolean, true and null -- reason: nulls
select 1e3, .5, 0x1F, 1_000, 'nan'::float, 'infinity'::date, 0b101 -- reason: forms of numbers
select count(*) from delayed -- reason: a view
select d.carrier, avg(d.delay)::decimal(8,2) from delayed d group by 1 order by 2 desc -- reason: a view with an alias
select carrier, count(*) as n, round(avg(delay), 1) as avg_delay from flights where day >= date '2013-06-01' group by carrier order by avg_delay desc limit 10 -- reason: an everyday report
with late as (select carrier, count(*) n from flights where delay > 100 group by 1), total as (select carrier, count(*) n from flights group by 1) select t.carrier, round(100.0 * coalesce(l.n, 0) / t.n, 2) as share from total t left join late l using (carrier) -- reason: a share of a total
select day, sum(delay) over (order by day) as running from (select day, sum(delay) delay from flights group by day) d limit 5 -- reason: a running total
select typeof(1), pg_typeof('a'), alias(1 + 1), version(), current_schema(), current_database(), current_user -- reason: harmless facts
select delay_of(2) -- reason: a macro of the database
select * from late_than(400) limit 1 -- reason: a table macro of the database
select list_transform(list(delay order by id), lambda d, i: d + i)[1] from flights where id < 3 -- reason: a lambda with an index
select sum(delay) as total, total * 2 as double_total from flights -- reason: an alias used beside its definition
select carrier, id from flights where id = 1 group by all having carrier is not null -- reason: HAVING under GROUP BY ALL
select * from flights where (carrier, id) in (select code, 1 from carriers) limit 1 -- reason: a row in a subquery
select count(distinct (carrier, day)), count(*) from flights -- reason: DISTINCT over a row
select try(1 / 0), 1 / 0, 5 // 2, 'x'.length() -- reason: TRY
