insert into carriers values ('ZZ', 'None') -- reason: statement_not_allowed: writes -- wall: read-only
insert or replace into carriers values ('ZZ', 'None') -- reason: statement_not_allowed: writes -- wall: read-only
insert into carriers by name select 'ZZ' as code -- reason: statement_not_allowed: writes -- wall: read-only
insert into carriers select * from carriers returning * -- reason: statement_not_allowed: writes -- wall: read-only
insert into carriers default values -- reason: statement_not_allowed: writes -- wall: read-only
update carriers set name = 'x' -- reason: statement_not_allowed: writes -- wall: read-only
update carriers set name = 'x' returning * -- reason: statement_not_allowed: writes -- wall: read-only
delete from carriers -- reason: statement_not_allowed: writes -- wall: read-only
delete from carriers using flights where code = carrier returning * -- reason: statement_not_allowed: writes -- wall: read-only
truncate carriers -- reason: statement_not_allowed: writes -- wall: database
merge into carriers using (select 'ZZ' as code) s on carriers.code = s.code when not matched then insert values ('ZZ', 'x') -- reason: statement_not_allowed: writes -- wall: read-only
with d as (delete from carriers returning *) select * from d -- reason: statement_not_allowed: a CTE that deletes -- wall: database
with i as (insert into carriers values ('ZZ', 'x') returning code) from i -- reason: statement_not_allowed: a CTE that inserts -- wall: database
with u as (update carriers set name = 'x' returning *) select count(*) from u -- reason: statement_not_allowed: a CTE that updates -- wall: database
with d as (delete from carriers) select 1 -- reason: statement_not_allowed: a CTE that deletes and returns nothing -- wall: database
with a as (with b as (delete from carriers returning *) select * from b) select * from a -- reason: statement_not_allowed: a nested CTE that deletes -- wall: database
select * from (with d as (delete from carriers returning *) select * from d) t -- reason: statement_not_allowed: a CTE that deletes in a subquery -- wall: database
select (with d as (delete from carriers returning 1) select count(*) from d) -- reason: statement_not_allowed: a CTE that deletes in an expression -- wall: database
select 1 union all (with d as (delete from carriers returning 1 as n) select n from d) -- reason: statement_not_allowed: a CTE that deletes in a set operation -- wall: database
with c as (copy (select 1) to '/tmp/api_engine_guard_copy.csv') select * from c -- reason: statement_not_allowed: a CTE that writes a file -- wall: database
with d as (select 1) insert into carriers select 'ZZ', 'x' -- reason: statement_not_allowed: WITH before INSERT -- wall: read-only
with d as (select 1) update carriers set name = 'x' -- reason: statement_not_allowed: WITH before UPDATE -- wall: read-only
with d as (select 1) delete from carriers -- reason: statement_not_allowed: WITH before DELETE -- wall: read-only
create table copied as select * from carriers -- reason: statement_not_allowed: defines -- wall: read-only
create table copied as from carriers -- reason: statement_not_allowed: defines -- wall: read-only
create or replace table carriers as select 1 -- reason: statement_not_allowed: defines -- wall: read-only
create temp table copied (a int) -- reason: statement_not_allowed: defines -- wall: wrapping
create table copied (a int primary key) -- reason: statement_not_allowed: defines -- wall: read-only
create view v as select 1 -- reason: statement_not_allowed: defines -- wall: read-only
create or replace view delayed as select 1 -- reason: statement_not_allowed: defines -- wall: read-only
create temp view v as select 1 -- reason: statement_not_allowed: defines -- wall: wrapping
create macro f(x) as x + 1 -- reason: statement_not_allowed: defines -- wall: read-only
create temp macro f(x) as x + 1 -- reason: statement_not_allowed: defines -- wall: wrapping
create macro t() as table select 1 -- reason: statement_not_allowed: defines -- wall: read-only
create function f(x) as x + 1 -- reason: statement_not_allowed: defines -- wall: read-only
create index i on carriers (code) -- reason: statement_not_allowed: defines -- wall: read-only
create sequence s -- reason: statement_not_allowed: defines -- wall: read-only
create temp sequence s -- reason: statement_not_allowed: defines -- wall: wrapping
create schema s -- reason: statement_not_allowed: defines -- wall: read-only
create type mood as enum ('a') -- reason: statement_not_allowed: defines -- wall: read-only
create temp type mood as enum ('a') -- reason: statement_not_allowed: defines -- wall: wrapping
create secret s (type s3, key_id 'x', secret 'y') -- reason: statement_not_allowed: defines -- wall: no access
create persistent secret s (type s3) -- reason: statement_not_allowed: defines -- wall: no access
drop table carriers -- reason: statement_not_allowed: drops -- wall: read-only
drop table if exists flights cascade -- reason: statement_not_allowed: drops -- wall: read-only
drop view delayed -- reason: statement_not_allowed: drops -- wall: read-only
drop schema main cascade -- reason: statement_not_allowed: drops -- wall: read-only
drop macro delay_of -- reason: statement_not_allowed: drops -- wall: read-only
drop macro table late_than -- reason: statement_not_allowed: drops -- wall: read-only
drop secret s -- reason: statement_not_allowed: drops -- wall: no access
alter table carriers add column x int -- reason: statement_not_allowed: alters -- wall: read-only
alter table carriers rename to c -- reason: statement_not_allowed: alters -- wall: read-only
alter table carriers drop name -- reason: statement_not_allowed: alters -- wall: read-only
alter view delayed rename to x -- reason: statement_not_allowed: alters -- wall: read-only
comment on table carriers is 'x' -- reason: statement_not_allowed: defines -- wall: read-only
copy carriers to '/tmp/api_engine_guard_copy.csv' -- reason: statement_not_allowed: writes a file -- wall: no access
copy (select 1) to '/tmp/api_engine_guard_copy.parquet' (format parquet) -- reason: statement_not_allowed: writes a file -- wall: no access
copy carriers from '/etc/passwd' -- reason: statement_not_allowed: reads a file -- wall: no access
copy carriers to '/dev/stdout' -- reason: statement_not_allowed: writes a file -- wall: no access
copy from database flights to other -- reason: statement_not_allowed: copies a database -- wall: database
export database '/tmp/api_engine_guard_export' -- reason: statement_not_allowed: writes files -- wall: no access
import database '/tmp/api_engine_guard_export' -- reason: statement_not_allowed: reads files -- wall: no access
attach '/tmp/api_engine_guard.duckdb' -- reason: statement_not_allowed: opens a database -- wall: no access
attach ':memory:' as m -- reason: statement_not_allowed: opens a database -- wall: read-only
attach if not exists 'https://127.0.0.1/x.duckdb' as x (read_only) -- reason: statement_not_allowed: opens a connection -- wall: database
attach 'host=127.0.0.1' as p (type postgres) -- reason: statement_not_allowed: opens a connection -- wall: no access
detach flights -- reason: statement_not_allowed: closes a database -- wall: database
use memory -- reason: statement_not_allowed: changes the session -- wall: database
use main -- reason: statement_not_allowed: changes the session -- wall: database
install httpfs -- reason: statement_not_allowed: installs an extension -- wall: database
force install httpfs from 'http://127.0.0.1' -- reason: statement_not_allowed: installs an extension -- wall: no access
install spatial from community -- reason: statement_not_allowed: installs an extension -- wall: no access
update extensions -- reason: statement_not_allowed: installs extensions -- wall: database
load httpfs -- reason: statement_not_allowed: loads an extension -- wall: database
load '/tmp/evil.duckdb_extension' -- reason: statement_not_allowed: loads a library -- wall: no access
set memory_limit = '64GB' -- reason: statement_not_allowed: changes a setting -- wall: locked settings
set enable_external_access = true -- reason: statement_not_allowed: changes a setting -- wall: locked settings
set lock_configuration = false -- reason: statement_not_allowed: changes a setting -- wall: locked settings
set global threads = 64 -- reason: statement_not_allowed: changes a setting -- wall: locked settings
set session search_path = 'main' -- reason: statement_not_allowed: changes a setting -- wall: wrapping
set max_execution_time = 0 -- reason: statement_not_allowed: changes a setting -- wall: wrapping
set explain_output = 'all' -- reason: statement_not_allowed: changes a setting -- wall: wrapping
set allowed_directories = ['/'] -- reason: statement_not_allowed: changes a setting -- wall: locked settings
set python_enable_replacements = true -- reason: statement_not_allowed: changes a setting -- wall: locked settings
set variable v = 1 -- reason: statement_not_allowed: sets a variable -- wall: wrapping
set file_search_path = '/' -- reason: statement_not_allowed: changes a setting -- wall: locked settings
reset memory_limit -- reason: statement_not_allowed: changes a setting -- wall: database
reset variable v -- reason: statement_not_allowed: changes a variable -- wall: wrapping
pragma version -- reason: statement_not_allowed: is a pragma -- wall: database
pragma database_list -- reason: statement_not_allowed: is a pragma -- wall: database
pragma show_tables -- reason: statement_not_allowed: is a pragma -- wall: database
pragma enable_profiling -- reason: statement_not_allowed: changes a setting -- wall: database
pragma disable_checkpoint_on_shutdown -- reason: statement_not_allowed: changes a setting -- wall: database
pragma memory_limit = '64GB' -- reason: statement_not_allowed: changes a setting -- wall: locked settings
pragma table_info('carriers') -- reason: statement_not_allowed: is a pragma -- wall: database
pragma import_database('/tmp') -- reason: statement_not_allowed: reads files -- wall: database
call pragma_version() -- reason: statement_not_allowed: calls -- wall: wrapping
call duckdb_settings() -- reason: statement_not_allowed: calls -- wall: wrapping
call range(3) -- reason: statement_not_allowed: calls -- wall: wrapping
call force_checkpoint() -- reason: statement_not_allowed: calls -- wall: database
begin -- reason: statement_not_allowed: controls transactions -- wall: database
begin transaction read write -- reason: statement_not_allowed: controls transactions -- wall: wrapping
commit -- reason: statement_not_allowed: controls transactions -- wall: database
rollback -- reason: statement_not_allowed: controls transactions -- wall: database
abort -- reason: statement_not_allowed: controls transactions -- wall: database
prepare p as select 1 -- reason: statement_not_allowed: prepares -- wall: wrapping
execute p -- reason: statement_not_allowed: executes -- wall: database
deallocate p -- reason: statement_not_allowed: prepares -- wall: database
checkpoint -- reason: statement_not_allowed: administers -- wall: database
force checkpoint -- reason: statement_not_allowed: administers -- wall: database
vacuum -- reason: statement_not_allowed: administers -- wall: database
vacuum analyze carriers -- reason: statement_not_allowed: administers -- wall: wrapping
analyze -- reason: statement_not_allowed: administers -- wall: wrapping
explain select 1 -- reason: statement_not_allowed: explains -- wall: wrapping
explain analyze select 1 -- reason: statement_not_allowed: explains and runs -- wall: wrapping
explain analyze delete from carriers -- reason: statement_not_allowed: explains and runs -- wall: read-only
describe carriers -- reason: statement_not_allowed: describes -- wall: guard only
describe select 1 -- reason: statement_not_allowed: describes -- wall: guard only
desc carriers -- reason: statement_not_allowed: describes -- wall: guard only
show tables -- reason: statement_not_allowed: shows -- wall: guard only
show all tables -- reason: statement_not_allowed: shows -- wall: guard only
show databases -- reason: statement_not_allowed: shows -- wall: guard only
summarize carriers -- reason: statement_not_allowed: summarizes -- wall: guard only
summarize select 1 -- reason: statement_not_allowed: summarizes -- wall: guard only
select * from (describe carriers) -- reason: statement_not_allowed: describes in a subquery -- wall: guard only
select * from (show tables) -- reason: statement_not_allowed: shows in a subquery -- wall: guard only
from (summarize carriers) -- reason: statement_not_allowed: summarizes in a subquery -- wall: guard only
with d as (describe carriers) select * from d -- reason: statement_not_allowed: describes in a CTE -- wall: guard only
select 1; select 2 -- reason: multiple_statements: stacked -- wall: one statement
select 1; drop table carriers -- reason: multiple_statements: stacked -- wall: one statement
select 1; /* x */ delete from carriers; -- y -- reason: multiple_statements: stacked with comments -- wall: one statement
;select 1; select 2 -- reason: multiple_statements: stacked after an empty one -- wall: one statement
select 'a'; select $$b$$ -- reason: multiple_statements: stacked -- wall: one statement
begin; delete from carriers; commit -- reason: multiple_statements: a transaction -- wall: one statement
pivot carriers on code using count(*); drop table carriers -- reason: multiple_statements: stacked after a PIVOT -- wall: one statement
select * from '/etc/passwd' -- reason: file_not_allowed: a file as a table -- wall: database
select * from 'data.csv' -- reason: file_not_allowed: a file as a table -- wall: database
select * from "data.parquet" -- reason: file_not_allowed: a quoted file as a table -- wall: database
from 'https://127.0.0.1/x.csv' -- reason: file_not_allowed: an address as a table -- wall: no access
from 's3://bucket/x.parquet' -- reason: file_not_allowed: a bucket as a table -- wall: no access
select * from '*.csv' -- reason: file_not_allowed: a pattern as a table -- wall: database
select (select count(*) from '/etc/passwd') -- reason: file_not_allowed: a file in a subquery -- wall: database
with x as (select * from '../secret.json') select * from x -- reason: file_not_allowed: a file in a CTE -- wall: no access
table '/etc/passwd' -- reason: file_not_allowed: a file after TABLE -- wall: database
select * from carriers join 'x.csv' on true -- reason: file_not_allowed: a file in a join -- wall: database
pivot 'x.csv' on a using count(*) -- reason: file_not_allowed: a file in a PIVOT over the data -- wall: database
unpivot 'x.csv' on a into name n value v -- reason: file_not_allowed: a file in an UNPIVOT -- wall: database
select * from 'C:\windows\x.csv' -- reason: file_not_allowed: another system's file -- wall: database
select * from read_csv('/etc/passwd') -- reason: function_not_allowed: reads a file -- wall: no access
select * from read_csv_auto('/etc/passwd', header := false) -- reason: function_not_allowed: reads a file -- wall: no access
select * from read_text('/etc/passwd') -- reason: function_not_allowed: reads a file -- wall: no access
select * from read_blob('/etc/*') -- reason: function_not_allowed: reads files -- wall: no access
select * from read_json('/tmp/x.json') -- reason: function_not_allowed: reads a file -- wall: no access
select * from read_json_auto('http://127.0.0.1/x') -- reason: function_not_allowed: opens a connection -- wall: no access
select * from read_json_objects('/tmp/x') -- reason: function_not_allowed: reads a file -- wall: no access
select * from read_ndjson('/tmp/x') -- reason: function_not_allowed: reads a file -- wall: no access
select * from read_parquet('/tmp/x.parquet') -- reason: function_not_allowed: reads a file -- wall: no access
select * from parquet_scan('/tmp/x.parquet') -- reason: function_not_allowed: reads a file -- wall: no access
select * from parquet_metadata('/tmp/x.parquet') -- reason: function_not_allowed: reads a file -- wall: no access
select * from parquet_schema('/tmp/x.parquet') -- reason: function_not_allowed: reads a file -- wall: no access
select * from read_duckdb('/tmp/x.duckdb') -- reason: function_not_allowed: reads a file -- wall: no access
select * from sniff_csv('/etc/passwd') -- reason: function_not_allowed: reads a file -- wall: no access
select * from glob('/*') -- reason: function_not_allowed: reads a directory -- wall: no access
select * from READ_TEXT('/etc/passwd') -- reason: function_not_allowed: in capitals -- wall: no access
select * from "read_text"('/etc/passwd') -- reason: function_not_allowed: quoted -- wall: no access
select * from system.main.read_text('/etc/passwd') -- reason: function_not_allowed: qualified -- wall: no access
select * from carriers c, read_text(c.code) -- reason: function_not_allowed: in a lateral join -- wall: database
select * from (from read_text('/etc/passwd')) -- reason: function_not_allowed: in a subquery -- wall: no access
select * from carriers where code in (from read_text('/etc/passwd') select content) -- reason: function_not_allowed: in WHERE -- wall: no access
pivot (from read_text('/etc/passwd')) on filename using count(*) -- reason: function_not_allowed: in a PIVOT over the data -- wall: no access
select * from query('delete from carriers') -- reason: function_not_allowed: runs SQL given as text -- wall: database
select * from query_table('carriers') -- reason: function_not_allowed: names a table by text -- wall: guard only
select * from json_execute_serialized_sql(json_serialize_sql('select 1')) -- reason: function_not_allowed: runs SQL given as a tree -- wall: guard only
select json_serialize_sql('select 1') -- reason: function_not_allowed: reads SQL -- wall: guard only
select json_serialize_plan('select 1') -- reason: function_not_allowed: plans SQL -- wall: guard only
select json_deserialize_sql('{}') -- reason: function_not_allowed: writes SQL -- wall: database
select * from duckdb_settings() -- reason: function_not_allowed: reads settings -- wall: guard only
select * from duckdb_secrets() -- reason: function_not_allowed: reads secrets -- wall: guard only
select * from which_secret('s3://x', 's3') -- reason: function_not_allowed: reads secrets -- wall: guard only
select * from duckdb_tables() -- reason: function_not_allowed: reads the catalogue -- wall: guard only
select * from duckdb_functions() -- reason: function_not_allowed: reads the catalogue -- wall: guard only
select * from duckdb_extensions() -- reason: function_not_allowed: reads the catalogue -- wall: guard only
select * from duckdb_logs() -- reason: function_not_allowed: reads logs -- wall: guard only
select * from duckdb_temporary_files() -- reason: function_not_allowed: reads files' names -- wall: guard only
select * from duckdb_prepared_statements() -- reason: function_not_allowed: reads the session -- wall: guard only
select * from duckdb_variables() -- reason: function_not_allowed: reads the session -- wall: guard only
select * from duckdb_memory() -- reason: function_not_allowed: reads the process -- wall: guard only
select * from pragma_version() -- reason: function_not_allowed: is a pragma -- wall: guard only
select * from pragma_table_info('carriers') -- reason: function_not_allowed: is a pragma -- wall: guard only
select * from pragma_storage_info('carriers') -- reason: function_not_allowed: is a pragma -- wall: guard only
select * from pragma_database_size() -- reason: function_not_allowed: is a pragma -- wall: guard only
select * from checkpoint() -- reason: function_not_allowed: administers -- wall: guard only
select * from force_checkpoint() -- reason: function_not_allowed: administers -- wall: database
select * from enable_logging() -- reason: function_not_allowed: changes a setting -- wall: locked settings
select * from disable_logging() -- reason: function_not_allowed: changes a setting -- wall: locked settings
select * from enable_profiling() -- reason: function_not_allowed: changes a setting -- wall: locked settings
select * from truncate_duckdb_logs() -- reason: function_not_allowed: changes logs -- wall: guard only
select * from summary((select 1)) -- reason: function_not_allowed: is not known -- wall: guard only
select * from seq_scan('carriers') -- reason: function_not_allowed: scans by text -- wall: database
select * from arrow_scan(1, 2, 3) -- reason: function_not_allowed: reads the process's memory -- wall: database
select * from pandas_scan(1) -- reason: function_not_allowed: reads the process's memory -- wall: database
select * from python_map_function(1) -- reason: function_not_allowed: runs Python -- wall: database
select * from test_all_types() -- reason: function_not_allowed: is for tests -- wall: guard only
select * from register_external_resource('x') -- reason: function_not_allowed: is not known -- wall: database
select current_setting('memory_limit') -- reason: function_not_allowed: reads a setting -- wall: guard only
select getvariable('v') -- reason: function_not_allowed: reads a variable -- wall: guard only
select getenv('HOME') -- reason: function_not_allowed: reads the environment -- wall: database
select nextval('s') -- reason: function_not_allowed: changes a sequence -- wall: database
select currval('s') -- reason: function_not_allowed: reads a sequence -- wall: database
select setseed(0.5) -- reason: function_not_allowed: changes the session -- wall: guard only
select write_log('x') -- reason: function_not_allowed: writes a log -- wall: guard only
select sleep_ms(1) -- reason: function_not_allowed: sleeps -- wall: guard only
select pg_sleep(0.01) -- reason: function_not_allowed: sleeps -- wall: guard only
select error('x') -- reason: function_not_allowed: fails on purpose -- wall: database
select current_query() -- reason: function_not_allowed: reads the session -- wall: guard only
select txid_current() -- reason: function_not_allowed: reads the session -- wall: guard only
select current_connection_id() -- reason: function_not_allowed: reads the session -- wall: guard only
select in_search_path('flights', 'main') -- reason: function_not_allowed: reads the session -- wall: guard only
select pg_get_viewdef(1) -- reason: function_not_allowed: reads the catalogue -- wall: guard only
select has_table_privilege('carriers', 'select') -- reason: function_not_allowed: reads rights -- wall: guard only
select __internal_compress_string_ubigint('a') -- reason: function_not_allowed: is internal -- wall: database
select no_such_function(1) -- reason: function_not_allowed: is unknown -- wall: database
select list_transform([1], lambda x: getenv('HOME')) -- reason: function_not_allowed: in a lambda -- wall: database
select [getenv('HOME') for x in [1]] -- reason: function_not_allowed: in a list comprehension -- wall: database
select {'a': getenv('HOME')} -- reason: function_not_allowed: in a struct -- wall: database
select * from carriers order by getenv('HOME') -- reason: function_not_allowed: in ORDER BY -- wall: database
select * from carriers limit (select getenv('HOME')) -- reason: function_not_allowed: in LIMIT -- wall: database
select * replace (getenv('HOME') as name) from carriers -- reason: function_not_allowed: in REPLACE -- wall: database
select columns(lambda c: getenv('HOME') = c) from carriers -- reason: function_not_allowed: in COLUMNS -- wall: database
select 'HOME'.getenv() -- reason: function_not_allowed: as a chained function -- wall: database
select * from carriers qualify getenv('HOME') = 'x' -- reason: function_not_allowed: in QUALIFY -- wall: database
select sum(1) over (order by getenv('HOME')) -- reason: function_not_allowed: in a window -- wall: database
select * from range(length(getenv('HOME'))) -- reason: function_not_allowed: as an argument of a table function -- wall: database
select * from values_of join carriers on getenv('HOME') = code -- reason: function_not_allowed: in a join -- wall: database
select * from carriers tablesample 10% where getenv('HOME') = 'x' -- reason: function_not_allowed: beside a sample -- wall: database
select * from information_schema.tables -- reason: system_table: reads the catalogue -- wall: guard only
select * from pg_catalog.pg_class -- reason: system_table: reads the catalogue -- wall: guard only
select * from pg_class -- reason: system_table: reads the catalogue -- wall: guard only
select * from duckdb_tables -- reason: system_table: reads the catalogue -- wall: guard only
select * from sqlite_master -- reason: system_table: reads the catalogue -- wall: guard only
select * from pragma_database_list -- reason: system_table: reads file names -- wall: guard only
select * from duckdb_logs -- reason: system_table: reads logs -- wall: guard only
select * from system.main.duckdb_views -- reason: system_table: reads the catalogue -- wall: guard only
select * from system.information_schema.columns -- reason: system_table: reads the catalogue -- wall: guard only
select * from temp.main.x -- reason: system_table: reads temporary tables -- wall: database
with x as (select * from duckdb_columns) select * from x -- reason: system_table: reads the catalogue in a CTE -- wall: guard only
select 1 where exists (from duckdb_tables) -- reason: system_table: reads the catalogue in a subquery -- wall: guard only
selec 1 -- reason: syntax_error: cannot be parsed -- wall: database
select from where -- reason: syntax_error: cannot be parsed -- wall: database
select 'unterminated -- reason: syntax_error: cannot be parsed -- wall: database
select 1 /* unterminated -- reason: syntax_error: cannot be parsed -- wall: database
select * from -- reason: syntax_error: cannot be parsed -- wall: database
select (1 -- reason: syntax_error: cannot be parsed -- wall: database
select 1) as q; drop table carriers; -- -- reason: syntax_error: tries to leave the wrapping -- wall: read-only
1) union select 1 -- -- reason: syntax_error: tries to leave the wrapping -- wall: database
select * from carriers for update nowait please -- reason: syntax_error: cannot be parsed -- wall: database
grant select on carriers to public -- reason: syntax_error: another database's statement -- wall: database
lock table carriers -- reason: syntax_error: another database's statement -- wall: database
