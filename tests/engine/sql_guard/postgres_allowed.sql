select 1 -- reason: a constant
SELECT id, carrier FROM flights WHERE id = 1 -- reason: a plain query
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
select $$drop table flights$$ as text -- reason: a dollar-quoted literal
select $tag$ it's; -- fine $tag$ as text -- reason: a tagged dollar quote
select e'it\'s; -- \\ fine' as text -- reason: an escape string
select U&'\0041' as text -- reason: a Unicode escape string
select '10:30' as at, time '10:30' as t -- reason: colons in literals
select '2013-01-01'::date::text -- reason: casts
select cast('1' as integer) + '2'::int -- reason: both forms of a cast
select int '1' + 1 -- reason: a typed literal
select id from flights where carrier in ('AA', 'B6') -- reason: IN with a list
select id from flights where carrier = any(array['AA', 'UA']) -- reason: ANY with an array
select id from flights where id between 1 and 5 and not id = 3 -- reason: BETWEEN and NOT
select id from flights where carrier like 'A%' or carrier ilike 'b_' escape '!' -- reason: LIKE with ESCAPE
select id from flights where carrier similar to '(A|B)%' -- reason: SIMILAR TO
select id from flights where carrier ~ '^A' and carrier !~* 'x$' -- reason: regular expression operators
select id from flights where delay is distinct from 1 -- reason: IS DISTINCT FROM
select id from flights where delay is not null and (delay > 0) is true -- reason: IS TRUE
select distinct carrier from flights -- reason: DISTINCT
select distinct on (carrier) carrier, id from flights order by carrier, id desc -- reason: DISTINCT ON
select carrier, count(*) from flights group by carrier having count(*) > 1 -- reason: GROUP BY and HAVING
select carrier, day, sum(delay) from flights group by rollup (carrier, day) limit 5 -- reason: ROLLUP
select carrier, day, sum(delay) from flights group by cube (carrier, day) limit 5 -- reason: CUBE
select carrier, grouping(carrier), count(*) from flights group by grouping sets ((carrier), ()) -- reason: GROUPING SETS
select count(*) filter (where delay > 10) from flights -- reason: FILTER
select percentile_cont(0.5) within group (order by delay) from flights -- reason: an ordered-set aggregate
select string_agg(carrier, ',' order by id) from flights where id < 3 -- reason: ORDER BY in an aggregate
select array_agg(distinct carrier) from flights -- reason: DISTINCT in an aggregate
select mode() within group (order by carrier) from flights -- reason: mode
select id, row_number() over (partition by carrier order by delay) from flights limit 3 -- reason: a window function
select id, sum(delay) over w, lag(delay, 1, 0) over w from flights window w as (order by id) limit 3 -- reason: a named window
select id, avg(delay) over (order by id rows between 2 preceding and current row) from flights limit 3 -- reason: a row frame
select id, count(*) over (order by day range between interval '7 days' preceding and current row) from flights limit 3 -- reason: a range frame
select id, count(*) over (order by day groups between 1 preceding and 1 following exclude ties) from flights limit 3 -- reason: a groups frame with EXCLUDE
select ntile(4) over (order by id), percent_rank() over (order by id), cume_dist() over (order by id) from flights limit 2 -- reason: ranking functions
select first_value(id) over (order by id), nth_value(id, 2) over (order by id) from flights limit 3 -- reason: value functions
select f.id, c.name from flights f join carriers c on c.code = f.carrier limit 3 -- reason: a join
select c.code, f.id from carriers c left join flights f on f.carrier = c.code and f.id < 3 -- reason: a left join
select * from carriers c full outer join (values ('ZZ')) as v(code) using (code) -- reason: a full join with USING
select * from carriers natural join carriers as other -- reason: a natural join
select c.code, d.n from carriers c cross join (values (1), (2)) as d(n) -- reason: a cross join
select c.code, x.id from carriers c, lateral (select id from flights f where f.carrier = c.code limit 1) x -- reason: LATERAL
select c.code, g from carriers c cross join lateral generate_series(1, 2) g -- reason: a lateral function
select * from generate_series(1, 3) with ordinality as g(value, position) -- reason: WITH ORDINALITY
select * from rows from (generate_series(1, 2), unnest(array['a', 'b'])) as r(n, t) -- reason: ROWS FROM
select * from unnest(array[1, 2], array['a', 'b']) as u(n, t) -- reason: unnest of two arrays
select * from (select 1 as a) as t -- reason: a subquery
select * from (values (1, 'a'), (2, 'b')) as v(n, t) -- reason: VALUES as a table
values (1, 'a'), (2, 'b') -- reason: VALUES alone
table carriers -- reason: TABLE
select (select max(id) from flights) as newest -- reason: a scalar subquery
select id from flights where exists (select 1 from carriers where code = flights.carrier) limit 2 -- reason: EXISTS
select id from flights where carrier in (select code from carriers) limit 2 -- reason: IN with a subquery
select id from flights where delay > all (select 1) order by id limit 2 -- reason: ALL
select array(select code from carriers order by 1) as codes -- reason: ARRAY of a subquery
select 1 union select 2 -- reason: UNION
select 1 union all select 1 union all select 2 -- reason: a UNION ALL report
select code from carriers intersect select carrier from flights -- reason: INTERSECT
select code from carriers except all select 'AA' -- reason: EXCEPT ALL
(select 1 order by 1 limit 1) union all (select 2) order by 1 -- reason: parenthesised arms
with a as (select 1 as n) select n from a -- reason: a CTE
with a as (select 1 as n), b as (select n + 1 as n from a) select * from a, b -- reason: two CTEs
with a as materialized (select 1 as n) select * from a -- reason: a materialized CTE
with a(n) as not materialized (values (1)) select n from a -- reason: a CTE with column names
with flights as (select * from flights where id = 1) select * from flights -- reason: a CTE that shadows its table
with recursive t(n) as (select 1 union all select n + 1 from t where n < 5) select n from t -- reason: recursion
with recursive t(n) as (values (1) union select n + 1 from t where n < 3) search depth first by n set o select * from t -- reason: SEARCH
with recursive t(n) as (select 1 union all select n % 3 + 1 from t) cycle n set looped using path select n, looped from t -- reason: CYCLE
with recursive t(n) as (select 1 union all select n + 1 from t where n < 3) search breadth first by n set seen select n from t order by seen -- reason: SEARCH … SET is no SET
select id from flights order by delay desc nulls last, id limit 5 offset 2 -- reason: ORDER BY with NULLS LAST
select id from flights order by id fetch first 3 rows only -- reason: FETCH FIRST
select id from flights order by delay fetch next 2 rows with ties -- reason: WITH TIES
select id from flights order by 1 offset 2 rows -- reason: OFFSET … ROWS
select id from flights order by id using < limit 1 -- reason: ORDER BY USING
select case when delay > 10 then 'late' when delay is null then 'none' else 'fine' end from flights limit 2 -- reason: CASE
select case carrier when 'AA' then 1 else 0 end from flights limit 2 -- reason: a simple CASE
select coalesce(delay, 0), nullif(carrier, 'AA'), greatest(1, 2), least(1, 2) from flights limit 1 -- reason: conditional expressions
select extract(year from day), extract(epoch from interval '1 hour') from flights limit 1 -- reason: EXTRACT
select date_trunc('month', day), date_part('dow', day), day + 1, day - date '2013-01-01' from flights limit 1 -- reason: date functions
select now() at time zone 'UTC', current_date, current_timestamp(0), localtime -- reason: the current time
select timestamptz '2013-01-31 10:30+02' at time zone 'America/New_York' -- reason: AT TIME ZONE
select interval '1 year 2 days' + make_interval(days => 3), age(date '2013-01-31') -- reason: intervals and named arguments
select to_char(day, 'YYYY-MM'), to_date('2013', 'YYYY'), to_timestamp(0) from flights limit 1 -- reason: formatting
select period.o from (select (date '2013-01-01', date '2013-02-01') overlaps (date '2013-01-15', date '2013-03-01') as o) as period -- reason: OVERLAPS
select upper(carrier) || '-' || lower(carrier) || length(carrier)::text from flights limit 1 -- reason: text functions
select substring('flight' from 2 for 3), substring('flight' from 'l.g') -- reason: SUBSTRING with FROM and FOR
select trim(both 'x' from 'xax'), trim(leading ' a'), btrim('a') -- reason: TRIM
select position('l' in 'fly'), overlay('fly' placing 'r' from 2), strpos('fly', 'y') -- reason: POSITION and OVERLAY
select regexp_replace('a1', '\d', 'x'), regexp_matches('a1b2', '\d', 'g'), split_part('a,b', ',', 2) -- reason: regular expressions
select format('%s-%I', 'a', 'b c'), quote_literal('x'), md5('a'), sha256('a'::bytea), encode('a'::bytea, 'base64') -- reason: encoding
select left('abc', 2), right('abc', 1), repeat('a', 2), reverse('ab'), lpad('1', 3, '0'), translate('abc', 'a', 'x') -- reason: more text functions
select normalize('é', nfc), 'é' is normalized, 'a' collate "C" < 'b' -- reason: Unicode and collations
select collation for ('a'::text) -- reason: COLLATION FOR
select round(1.005, 2), trunc(-1.5), ceil(1.1), floor(1.9), power(2, 3), sqrt(2), 7 % 3, 2 ^ 3, |/ 4.0 -- reason: arithmetic
select random() between 0 and 1, gen_random_uuid() is not null -- reason: harmless volatile functions
select 5 & 3, 5 | 3, 5 # 3, ~5, 1 << 3 -- reason: bit operators
select width_bucket(5, 0, 10, 5), abs(-1), sign(-2), ln(1), exp(0), pi(), degrees(1) -- reason: more arithmetic
select stddev(delay), variance(delay), corr(id, delay), regr_slope(delay, id) from flights -- reason: statistics
select bool_and(delay >= 0), every(id >= 0), bit_or(id) from flights -- reason: more aggregates
select array[1, 2, 3], array[[1, 2], [3, 4]], '{1,2}'::int[] -- reason: arrays
select (array[1, 2, 3])[1], (array[1, 2, 3])[2:3], (array[1, 2, 3])[:2] -- reason: subscripts and slices
select a[1:n] from (select array[1, 2, 3] as a, 2 as n) t -- reason: a slice by a column
select array_length(array[1], 1), array_append(array[1], 2), array_position(array[1, 2], 2), cardinality(array[1]) -- reason: array functions
select array[1, 2] @> array[1], array[1] && array[2], array[1] || 2 -- reason: array operators
select unnest(array[1, 2]) as n -- reason: a set-returning function in SELECT
select id from flights where id in (select unnest(array[1, 2])) -- reason: unnest in a subquery
select '{"a": {"b": 1}}'::json -> 'a' ->> 'b' -- reason: JSON operators
select '{"a": [1, 2]}'::jsonb #> '{a,0}', '{"a": 1}'::jsonb @> '{"a": 1}', '{"a": 1}'::jsonb ? 'a' -- reason: jsonb operators and the ? operator
select '["a"]'::jsonb ?| array['a'], '["a"]'::jsonb ?& array['a'] -- reason: ?| and ?&
select ('{"a": 1}'::jsonb)['a'] -- reason: jsonb subscripts
select jsonb_path_query('{"a": [1, 2]}', '$.a[*] ? (@ > 1)') -- reason: jsonpath with a question mark
select jsonb_build_object('a', 1), json_build_array(1, 'x'), to_jsonb(c), row_to_json(c) from carriers c -- reason: JSON builders
select json_agg(c order by code), jsonb_object_agg(code, name) from carriers c -- reason: JSON aggregates
select * from jsonb_each('{"a": 1}'), jsonb_array_elements('[1]') as e(v) -- reason: JSON as tables
select * from jsonb_to_recordset('[{"a": 1}]') as r(a int) -- reason: a record with a column definition list
select json_object('a': 1, 'b': null absent on null), json_array(1, 2), json_arrayagg(code) from carriers -- reason: SQL/JSON constructors
select json_value('{"a": 1}', '$.a'), json_query('{"a": [1]}', '$.a'), json_exists('{"a": 1}', '$.a') -- reason: SQL/JSON queries
select * from json_table('[{"a": 1}]', '$[*]' columns (a int path '$.a', n for ordinality)) as t -- reason: JSON_TABLE
select '{"a": 1}' is json object, json('{}'), json_scalar(1), json_serialize('{}') -- reason: SQL/JSON predicates
select row(1, 'a'), (1, 2) = (1, 2), row(1, null) is null -- reason: rows
select (c).name from carriers c limit 1 -- reason: a field of a row
select (row_of.c).code from (select c from carriers c limit 1) as row_of -- reason: a field of a composite column
select c.*, f.id from carriers c join flights f on f.carrier = c.code limit 1 -- reason: a qualified star
select f.day::text, f.carrier from flights as f limit 1 -- reason: a qualified column
select public.flights.id from public.flights limit 1 -- reason: a schema-qualified column
select int4range(1, 5) * int4range(3, 8), 3 <@ int4range(1, 5), lower(int4range(1, 5)) -- reason: ranges
select '{[1,3)}'::int4multirange + '{[5,7)}'::int4multirange -- reason: multiranges
select point(1, 2) <-> point(3, 4), box '(1,1),(0,0)' @> point '(0.5,0.5)' -- reason: geometry
select inet '10.0.0.1' << inet '10.0.0.0/8', host(inet '10.0.0.1'), masklen('10.0.0.0/8'::cidr) -- reason: network addresses
select to_tsvector('english', 'fat cats') @@ to_tsquery('english', 'cat'), ts_rank(to_tsvector('a'), 'a'::tsquery) -- reason: text search
select ts_headline('a fat cat', 'cat'::tsquery), websearch_to_tsquery('fat or cat') -- reason: text search headlines
select b'101' | b'010', get_bit(b'101', 0), 'ab'::bytea || '\x00'::bytea -- reason: bit strings
select 1 operator(pg_catalog.+) 2 -- reason: a qualified operator
select pg_typeof(1), pg_size_pretty(2048::bigint), pg_column_size('a') -- reason: harmless functions named pg_
select current_user, session_user, current_catalog, current_schema -- reason: who and where
select version() -- reason: the version
select * from flights tablesample bernoulli (10) repeatable (1) -- reason: TABLESAMPLE
select * from flights tablesample system (50) limit 1 -- reason: TABLESAMPLE SYSTEM
select * from only flights limit 1 -- reason: ONLY
select id as "Id", day as "day of the flight" from flights as "Flights" limit 1 -- reason: quoted names
select Id, CARRIER from FLIGHTS where ID = 1 -- reason: names in capitals
select 1 as select_count, 2 as into_total, 3 as lock_state, 4 as grant_id -- reason: names that begin with keywords
select execute, prepare, listen, copy, load, vacuum from (values (1, 2, 3, 4, 5, 6)) as t(execute, prepare, listen, copy, load, vacuum) -- reason: unreserved keywords as columns
select call, set, reset, show, lock, truncate, update, delete, insert from (values (1,2,3,4,5,6,7,8,9)) as t(call, set, reset, show, lock, truncate, update, delete, insert) -- reason: more unreserved keywords as columns
select 'for update' as text, 'into outfile' as other -- reason: phrases in literals
select ascii('é'), chr(233), 'naïve' as "naïve", '日本' as 語 -- reason: characters outside ASCII
select null::text, null is null, not null::boolean -- reason: nulls
select 1e3, .5, 0x1F, 1_000, 'NaN'::float8, 'infinity'::date -- reason: forms of numbers
select count(*) from delayed -- reason: a view
select d.carrier, avg(d.delay)::numeric(8,2) from delayed d group by 1 order by 2 desc -- reason: a view with an alias
select carrier, count(*), round(avg(delay), 1) as avg_delay from flights where day >= date '2013-06-01' group by carrier order by avg_delay desc limit 10 -- reason: an everyday report
with late as (select carrier, count(*) n from flights where delay > 100 group by 1), total as (select carrier, count(*) n from flights group by 1) select t.carrier, round(100.0 * coalesce(l.n, 0) / t.n, 2) as share from total t left join late l using (carrier) -- reason: a share of a total
select day, sum(delay) over (order by day) as running from (select day, sum(delay) delay from flights group by day) d limit 5 -- reason: a running total
select crosstab.carrier, sum(case when m = 1 then n end) as january, sum(case when m = 2 then n end) as february from (select carrier, extract(month from day) as m, count(*) as n from flights group by 1, 2) as crosstab group by 1 -- reason: a table alias named like a function that is not allowed
select xmax.id from (select id from flights limit 1) as xmax -- reason: an alias named like a system column
select nextval from (select 1 as nextval) t -- reason: a column named like a function that is not allowed
select setval.n, lo_import.n from (select 1 as n) as setval, (select 2 as n) as lo_import -- reason: aliases named like functions that are not allowed
select t."pg_sleep " from (select 1 as "pg_sleep ") t -- reason: a column named almost like a function
select jsonb_pretty('{}'), jsonb_set('{"a":1}', '{a}', '2'), jsonb_strip_nulls('{"a":null}') -- reason: functions whose names hold set
select tstzrange(now(), null), daterange('2013-01-01', '2013-02-01', '[]'), isempty(int4range(1,1)) -- reason: range constructors
select any_value(carrier), min(day), max(day), array_agg(id order by id) filter (where id < 3) from flights -- reason: more aggregates together
