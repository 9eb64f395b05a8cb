insert into carriers values ('ZZ', 'None') -- reason: statement_not_allowed: writes -- wall: read-only
insert into carriers select * from carriers -- reason: statement_not_allowed: writes -- wall: read-only
insert into carriers default values returning * -- reason: statement_not_allowed: writes -- wall: read-only
insert into carriers values ('AA', 'x') on conflict do nothing -- reason: statement_not_allowed: writes -- wall: read-only
update carriers set name = 'x' -- reason: statement_not_allowed: writes -- wall: read-only
update carriers set name = 'x' returning * -- reason: statement_not_allowed: writes -- wall: read-only
delete from carriers -- reason: statement_not_allowed: writes -- wall: read-only
delete from carriers using flights returning * -- reason: statement_not_allowed: writes -- wall: read-only
merge into carriers c using flights f on c.code = f.carrier when matched then delete -- reason: statement_not_allowed: writes -- wall: read-only
truncate carriers -- reason: statement_not_allowed: writes -- wall: read-only
with d as (delete from carriers returning *) select * from d -- reason: statement_not_allowed: a CTE that deletes -- wall: database
with i as (insert into carriers values ('ZZ', 'x') returning code) select * from i -- reason: statement_not_allowed: a CTE that inserts -- wall: database
with u as (update carriers set name = 'x' returning *) select count(*) from u -- reason: statement_not_allowed: a CTE that updates -- wall: database
with m as (merge into carriers c using (select 1) s on true when not matched then insert values ('ZZ','x') returning 1) select * from m -- reason: statement_not_allowed: a CTE that merges -- wall: database
with d as (delete from carriers) select 1 -- reason: statement_not_allowed: a CTE that deletes and returns nothing -- wall: database
with a as (with b as (delete from carriers returning *) select * from b) select * from a -- reason: statement_not_allowed: a nested CTE that deletes -- wall: database
with d as (select 1) insert into carriers select 'ZZ', 'x' -- reason: statement_not_allowed: WITH before INSERT -- wall: read-only
with d as (select 1) update carriers set name = 'x' -- reason: statement_not_allowed: WITH before UPDATE -- wall: read-only
with d as (select 1) delete from carriers -- reason: statement_not_allowed: WITH before DELETE -- wall: read-only
select * into copied from carriers -- reason: select_into: SELECT INTO -- wall: read-only
select * into temp copied from carriers -- reason: select_into: SELECT INTO TEMP -- wall: read-only
select * into unlogged copied from carriers union select 'ZZ', 'x' -- reason: select_into: SELECT INTO in a set operation -- wall: read-only
create table copied as select * from carriers -- reason: statement_not_allowed: defines -- wall: read-only
create temp table copied (a int) -- reason: statement_not_allowed: defines -- wall: read-only
create table copied (a int) -- reason: statement_not_allowed: defines -- wall: read-only
create unlogged table copied (a int) -- reason: statement_not_allowed: defines -- wall: read-only
create view v as select 1 -- reason: statement_not_allowed: defines -- wall: read-only
create or replace view delayed as select 1 -- reason: statement_not_allowed: defines -- wall: read-only
create materialized view m as select 1 -- reason: statement_not_allowed: defines -- wall: read-only
refresh materialized view m -- reason: statement_not_allowed: writes -- wall: read-only
create index on carriers (code) -- reason: statement_not_allowed: defines -- wall: read-only
create index concurrently i on carriers (code) -- reason: statement_not_allowed: defines -- wall: read-only
create sequence s -- reason: statement_not_allowed: defines -- wall: read-only
create schema s -- reason: statement_not_allowed: defines -- wall: read-only
create database d -- reason: statement_not_allowed: defines -- wall: read-only
create tablespace t location '/tmp' -- reason: statement_not_allowed: defines -- wall: read-only
create role r -- reason: statement_not_allowed: defines -- wall: read-only
create user u password 'x' -- reason: statement_not_allowed: defines -- wall: read-only
create extension dblink -- reason: statement_not_allowed: defines -- wall: read-only
create function f() returns int language sql as 'select 1' -- reason: statement_not_allowed: defines -- wall: read-only
create procedure p() language sql as 'select 1' -- reason: statement_not_allowed: defines -- wall: read-only
create trigger t before insert on carriers execute function f() -- reason: statement_not_allowed: defines -- wall: read-only
create rule r as on insert to carriers do nothing -- reason: statement_not_allowed: defines -- wall: read-only
create type mood as enum ('a') -- reason: statement_not_allowed: defines -- wall: read-only
create domain d as int -- reason: statement_not_allowed: defines -- wall: read-only
create cast (int as text) with inout -- reason: statement_not_allowed: defines -- wall: read-only
create aggregate a (int) (sfunc = int4pl, stype = int) -- reason: statement_not_allowed: defines -- wall: read-only
create operator === (function = int4eq, leftarg = int, rightarg = int) -- reason: statement_not_allowed: defines -- wall: read-only
create policy p on carriers -- reason: statement_not_allowed: defines -- wall: read-only
create publication p for all tables -- reason: statement_not_allowed: defines -- wall: read-only
create subscription s connection 'host=127.0.0.1' publication p -- reason: statement_not_allowed: opens a connection -- wall: read-only
create server s foreign data wrapper w -- reason: statement_not_allowed: defines -- wall: read-only
create foreign table f (a int) server s -- reason: statement_not_allowed: defines -- wall: read-only
create foreign data wrapper w -- reason: statement_not_allowed: defines -- wall: read-only
create event trigger e on ddl_command_start execute function f() -- reason: statement_not_allowed: defines -- wall: read-only
create statistics s on code, name from carriers -- reason: statement_not_allowed: defines -- wall: read-only
create language plperlu -- reason: statement_not_allowed: defines -- wall: read-only
create collation c from "C" -- reason: statement_not_allowed: defines -- wall: read-only
alter table carriers add x int -- reason: statement_not_allowed: alters -- wall: read-only
alter table carriers rename to c -- reason: statement_not_allowed: alters -- wall: read-only
alter role reader superuser -- reason: statement_not_allowed: alters -- wall: read-only
alter role current_user set work_mem = '1GB' -- reason: statement_not_allowed: alters -- wall: read-only
alter database postgres set work_mem = '1GB' -- reason: statement_not_allowed: alters -- wall: read-only
alter system set work_mem = '1GB' -- reason: statement_not_allowed: alters -- wall: role
alter view delayed rename to x -- reason: statement_not_allowed: alters -- wall: read-only
alter default privileges grant select on tables to public -- reason: statement_not_allowed: grants -- wall: read-only
alter large object 1 owner to reader -- reason: statement_not_allowed: alters -- wall: read-only
drop table carriers -- reason: statement_not_allowed: drops -- wall: read-only
drop table if exists carriers, flights cascade -- reason: statement_not_allowed: drops -- wall: read-only
drop view delayed -- reason: statement_not_allowed: drops -- wall: read-only
drop schema public cascade -- reason: statement_not_allowed: drops -- wall: read-only
drop database postgres -- reason: statement_not_allowed: drops -- wall: read-only
drop role reader -- reason: statement_not_allowed: drops -- wall: read-only
drop owned by reader -- reason: statement_not_allowed: drops -- wall: read-only
reassign owned by reader to postgres -- reason: statement_not_allowed: alters -- wall: read-only
grant select on carriers to public -- reason: statement_not_allowed: grants -- wall: read-only
grant postgres to reader -- reason: statement_not_allowed: grants -- wall: read-only
revoke select on carriers from public -- reason: statement_not_allowed: grants -- wall: read-only
comment on table carriers is 'x' -- reason: statement_not_allowed: defines -- wall: read-only
security label on table carriers is 'x' -- reason: statement_not_allowed: defines -- wall: read-only
copy carriers to '/tmp/api_engine_guard_copy' -- reason: statement_not_allowed: writes a file -- wall: role
copy carriers from '/etc/passwd' -- reason: statement_not_allowed: reads a file -- wall: role
copy (select 1) to program 'true' -- reason: statement_not_allowed: runs a program -- wall: role
copy carriers to stdout -- reason: statement_not_allowed: copies -- wall: database
copy carriers from stdin -- reason: statement_not_allowed: copies -- wall: role
set work_mem = '1GB' -- reason: statement_not_allowed: changes a setting -- wall: wrapping
set local statement_timeout = 0 -- reason: statement_not_allowed: changes a setting -- wall: wrapping
set session characteristics as transaction read write -- reason: statement_not_allowed: changes a setting -- wall: wrapping
set transaction read write -- reason: statement_not_allowed: changes a setting -- wall: wrapping
set role postgres -- reason: statement_not_allowed: changes the role -- wall: role
set session authorization postgres -- reason: statement_not_allowed: changes the role -- wall: role
set search_path to pg_temp -- reason: statement_not_allowed: changes a setting -- wall: wrapping
set constraints all deferred -- reason: statement_not_allowed: changes a setting -- wall: wrapping
set time zone 'UTC' -- reason: statement_not_allowed: changes a setting -- wall: wrapping
reset all -- reason: statement_not_allowed: changes a setting -- wall: wrapping
reset statement_timeout -- reason: statement_not_allowed: changes a setting -- wall: wrapping
show all -- reason: statement_not_allowed: shows settings -- wall: wrapping
show server_version -- reason: statement_not_allowed: shows settings -- wall: wrapping
discard all -- reason: statement_not_allowed: changes the session -- wall: wrapping
discard temp -- reason: statement_not_allowed: changes the session -- wall: wrapping
begin -- reason: statement_not_allowed: controls transactions -- wall: wrapping
start transaction read write -- reason: statement_not_allowed: controls transactions -- wall: wrapping
commit -- reason: statement_not_allowed: controls transactions -- wall: wrapping
rollback -- reason: statement_not_allowed: controls transactions -- wall: wrapping
savepoint s -- reason: statement_not_allowed: controls transactions -- wall: database
release savepoint s -- reason: statement_not_allowed: controls transactions -- wall: database
prepare transaction 'x' -- reason: statement_not_allowed: controls transactions -- wall: wrapping
commit prepared 'x' -- reason: statement_not_allowed: controls transactions -- wall: database
prepare p as select 1 -- reason: statement_not_allowed: prepares -- wall: wrapping
execute p -- reason: statement_not_allowed: executes -- wall: database
deallocate all -- reason: statement_not_allowed: prepares -- wall: wrapping
declare c cursor for select 1 -- reason: statement_not_allowed: opens a cursor -- wall: database
declare c cursor with hold for select 1 -- reason: statement_not_allowed: opens a cursor -- wall: wrapping
fetch all from c -- reason: statement_not_allowed: reads a cursor -- wall: database
move all in c -- reason: statement_not_allowed: moves a cursor -- wall: database
close all -- reason: statement_not_allowed: closes a cursor -- wall: wrapping
listen channel -- reason: statement_not_allowed: signals -- wall: wrapping
unlisten * -- reason: statement_not_allowed: signals -- wall: wrapping
notify channel, 'x' -- reason: statement_not_allowed: signals -- wall: wrapping
load 'auto_explain' -- reason: statement_not_allowed: loads a library -- wall: role
lock table carriers in access share mode -- reason: statement_not_allowed: locks -- wall: database
vacuum carriers -- reason: statement_not_allowed: writes -- wall: wrapping
analyze carriers -- reason: statement_not_allowed: writes -- wall: wrapping
cluster carriers -- reason: statement_not_allowed: writes -- wall: role
reindex table carriers -- reason: statement_not_allowed: writes -- wall: role
checkpoint -- reason: statement_not_allowed: administers -- wall: role
do $$ begin perform 1; end $$ -- reason: statement_not_allowed: runs code -- wall: wrapping
do language plpgsql 'begin raise notice ''x''; end' -- reason: statement_not_allowed: runs code -- wall: wrapping
call p() -- reason: statement_not_allowed: calls a procedure -- wall: database
explain select 1 -- reason: statement_not_allowed: explains -- wall: wrapping
explain analyze delete from carriers -- reason: statement_not_allowed: explains and runs -- wall: read-only
import foreign schema s from server s into public -- reason: statement_not_allowed: defines -- wall: read-only
select * from carriers for update -- reason: statement_not_allowed: locks rows -- wall: read-only
select * from carriers for no key update -- reason: statement_not_allowed: locks rows -- wall: read-only
select * from carriers for share -- reason: statement_not_allowed: locks rows -- wall: read-only
select * from carriers for key share skip locked -- reason: statement_not_allowed: locks rows -- wall: read-only
select * from carriers for update of carriers nowait -- reason: statement_not_allowed: locks rows -- wall: read-only
select * from (select * from carriers for update) t -- reason: statement_not_allowed: locks rows in a subquery -- wall: read-only
with c as (select * from carriers for share) select * from c -- reason: statement_not_allowed: locks rows in a CTE -- wall: read-only
select (select code from carriers limit 1 for update) -- reason: statement_not_allowed: locks rows in an expression -- wall: read-only
select 1; select 2 -- reason: multiple_statements: stacked -- wall: one statement
select 1; drop table carriers -- reason: multiple_statements: stacked -- wall: one statement
select 1; /* x */ delete from carriers; -- y -- reason: multiple_statements: stacked with comments -- wall: one statement
;select 1; select 2 -- reason: multiple_statements: stacked after an empty one -- wall: one statement
select 'a'; select $$b$$ -- reason: multiple_statements: stacked -- wall: one statement
begin; delete from carriers; commit -- reason: multiple_statements: a transaction -- wall: one statement
select pg_read_file('/etc/passwd') -- reason: function_not_allowed: reads a file -- wall: role
select pg_read_binary_file('/etc/passwd') -- reason: function_not_allowed: reads a file -- wall: role
select * from pg_ls_dir('/') -- reason: function_not_allowed: reads a directory -- wall: role
select * from pg_stat_file('/etc/passwd') -- reason: function_not_allowed: reads a file's facts -- wall: role
select pg_ls_logdir() -- reason: function_not_allowed: reads a directory -- wall: role
select pg_catalog.pg_read_file('/etc/passwd') -- reason: function_not_allowed: qualified by its schema -- wall: role
select "pg_read_file"('/etc/passwd') -- reason: function_not_allowed: quoted -- wall: role
select PG_READ_FILE('/etc/passwd') -- reason: function_not_allowed: in capitals -- wall: role
select U&"pg\005fread\005ffile"('/etc/passwd') -- reason: function_not_allowed: with Unicode escapes in its name -- wall: role
select pg_read_file /* x */ ('/etc/passwd') -- reason: function_not_allowed: with a comment before the parenthesis -- wall: role
select (x).pg_read_file from (select '/etc/passwd'::text) t(x) -- reason: function_not_allowed: as a field of a text -- wall: role
select t.pg_ls_dir from (select '/'::text) t -- reason: function_not_allowed: as a column of a row -- wall: database
select * from carriers where code = pg_read_file('/etc/passwd') -- reason: function_not_allowed: in WHERE -- wall: role
select * from carriers order by pg_read_file('/etc/passwd') -- reason: function_not_allowed: in ORDER BY -- wall: role
select count(*) filter (where pg_read_file('x') = 'x') from carriers -- reason: function_not_allowed: in FILTER -- wall: role
select sum(1) over (order by pg_read_file('x')) from carriers -- reason: function_not_allowed: in a window -- wall: role
select case when true then pg_read_file('x') end -- reason: function_not_allowed: in CASE -- wall: role
select array[pg_read_file('x')] -- reason: function_not_allowed: in an array -- wall: role
select * from carriers limit length(pg_read_file('x')) -- reason: function_not_allowed: in LIMIT -- wall: role
select * from carriers c, lateral pg_read_file(c.code) -- reason: function_not_allowed: in LATERAL -- wall: role
select * from rows from (pg_ls_dir('/')) as d(x) -- reason: function_not_allowed: in ROWS FROM -- wall: role
values (pg_read_file('x')) -- reason: function_not_allowed: in VALUES -- wall: role
select json_object('a': pg_read_file('x')) -- reason: function_not_allowed: in a JSON constructor -- wall: role
select lo_import('/etc/passwd') -- reason: function_not_allowed: reads a file -- wall: role
select lo_export(1, '/tmp/x') -- reason: function_not_allowed: writes a file -- wall: role
select lo_create(0) -- reason: function_not_allowed: writes -- wall: read-only
select lo_unlink(1) -- reason: function_not_allowed: writes -- wall: read-only
select lo_put(1, 0, 'x') -- reason: function_not_allowed: writes -- wall: read-only
select lo_from_bytea(0, 'x') -- reason: function_not_allowed: writes -- wall: read-only
select loread(1, 10), lowrite(1, 'x') -- reason: function_not_allowed: large objects -- wall: database
select pg_sleep(0.01) -- reason: function_not_allowed: sleeps -- wall: guard only
select pg_sleep_for('10 milliseconds') -- reason: function_not_allowed: sleeps -- wall: guard only
select pg_sleep_until(now()) -- reason: function_not_allowed: sleeps -- wall: guard only
select pg_cancel_backend(0) -- reason: function_not_allowed: signals -- wall: guard only
select pg_terminate_backend(0) -- reason: function_not_allowed: signals -- wall: guard only
select pg_reload_conf() -- reason: function_not_allowed: administers -- wall: role
select pg_rotate_logfile() -- reason: function_not_allowed: administers -- wall: role
select pg_switch_wal() -- reason: function_not_allowed: administers -- wall: role
select pg_create_restore_point('x') -- reason: function_not_allowed: administers -- wall: role
select pg_promote() -- reason: function_not_allowed: administers -- wall: role
select pg_backup_start('x') -- reason: function_not_allowed: administers -- wall: role
select pg_create_physical_replication_slot('x') -- reason: function_not_allowed: administers -- wall: role
select pg_drop_replication_slot('x') -- reason: function_not_allowed: administers -- wall: role
select pg_logical_emit_message(false, 'x', 'y') -- reason: function_not_allowed: writes the log of the server -- wall: guard only
select pg_export_snapshot() -- reason: function_not_allowed: exports a snapshot -- wall: guard only
select pg_notify('channel', 'x') -- reason: function_not_allowed: signals -- wall: guard only
select pg_advisory_lock(1) -- reason: function_not_allowed: locks -- wall: guard only
select pg_try_advisory_lock(1) -- reason: function_not_allowed: locks -- wall: guard only
select pg_advisory_xact_lock_shared(1) -- reason: function_not_allowed: locks -- wall: guard only
select pg_advisory_unlock_all() -- reason: function_not_allowed: unlocks -- wall: guard only
select set_config('statement_timeout', '0', false) -- reason: function_not_allowed: changes a setting -- wall: guard only
select set_config('role', 'postgres', true) -- reason: function_not_allowed: changes the role -- wall: role
select current_setting('data_directory', true) -- reason: function_not_allowed: reads a setting -- wall: role
select ('port'::text).current_setting -- reason: function_not_allowed: reads a setting as a field -- wall: guard only
select setseed(0.5) -- reason: function_not_allowed: changes the session -- wall: guard only
select nextval('s') -- reason: function_not_allowed: changes a sequence -- wall: database
select setval('s', 1) -- reason: function_not_allowed: changes a sequence -- wall: database
select currval('s'), lastval() -- reason: function_not_allowed: reads the session's sequence -- wall: database
select query_to_xml('select 1', true, true, '') -- reason: function_not_allowed: runs SQL given as text -- wall: database
select table_to_xml('carriers', true, true, '') -- reason: function_not_allowed: runs SQL -- wall: database
select schema_to_xml('public', true, true, '') -- reason: function_not_allowed: runs SQL -- wall: database
select database_to_xml(true, true, '') -- reason: function_not_allowed: runs SQL -- wall: database
select cursor_to_xml('c', 1, true, true, '') -- reason: function_not_allowed: runs SQL -- wall: database
select * from ts_stat('select to_tsvector(''a'')') -- reason: function_not_allowed: runs SQL given as text -- wall: guard only
select ts_rewrite('a'::tsquery, 'select ''a''::tsquery, ''b''::tsquery') -- reason: function_not_allowed: runs SQL given as text -- wall: guard only
select dblink('host=127.0.0.1', 'select 1') -- reason: function_not_allowed: opens a connection -- wall: database
select dblink_connect('host=127.0.0.1') -- reason: function_not_allowed: opens a connection -- wall: database
select * from crosstab('select 1, 2, 3') as c(a int, b int) -- reason: function_not_allowed: runs SQL given as text -- wall: database
select pg_stat_reset() -- reason: function_not_allowed: administers -- wall: role
select pg_stat_get_activity(null) -- reason: function_not_allowed: reads other sessions -- wall: guard only
select inet_server_addr() -- reason: function_not_allowed: tells the server's address -- wall: guard only
select pg_backend_pid() -- reason: function_not_allowed: tells the server's process -- wall: guard only
select pg_get_userbyid(10) -- reason: function_not_allowed: reads the catalogue -- wall: guard only
select pg_get_viewdef('delayed') -- reason: function_not_allowed: reads the catalogue -- wall: guard only
select has_table_privilege('carriers', 'select') -- reason: function_not_allowed: reads rights -- wall: guard only
select txid_current() -- reason: function_not_allowed: takes a transaction id -- wall: guard only
select pg_current_xact_id() -- reason: function_not_allowed: takes a transaction id -- wall: guard only
select pg_import_system_collations('pg_catalog') -- reason: function_not_allowed: writes the catalogue -- wall: role
select brin_summarize_new_values('carriers') -- reason: function_not_allowed: writes an index -- wall: database
select gin_clean_pending_list('carriers') -- reason: function_not_allowed: writes an index -- wall: database
select no_such_function(1) -- reason: function_not_allowed: is unknown -- wall: database
select public.no_such_function(1) -- reason: function_not_allowed: is unknown -- wall: database
select merge_action() -- reason: statement_not_allowed: belongs to MERGE -- wall: database
select * from pg_shadow -- reason: system_table: reads password hashes -- wall: role
select * from pg_authid -- reason: system_table: reads password hashes -- wall: role
select * from pg_class -- reason: system_table: reads the catalogue -- wall: guard only
select * from pg_catalog.pg_proc -- reason: system_table: reads the catalogue -- wall: guard only
select * from pg_stat_activity -- reason: system_table: reads other sessions -- wall: guard only
select * from pg_settings -- reason: system_table: reads settings -- wall: guard only
select * from pg_file_settings -- reason: system_table: reads settings -- wall: role
select * from pg_hba_file_rules -- reason: system_table: reads settings -- wall: role
select * from information_schema.tables -- reason: system_table: reads the catalogue -- wall: guard only
select 1 from carriers where exists (select 1 from pg_user) -- reason: system_table: reads the catalogue in a subquery -- wall: guard only
with x as (select * from pg_database) select * from x -- reason: system_table: reads the catalogue in a CTE -- wall: guard only
table pg_roles -- reason: system_table: reads the catalogue -- wall: guard only
select * from "pg_shadow" -- reason: system_table: quoted -- wall: role
select * from pg_temp.x -- reason: system_table: reads temporary tables -- wall: database
select * from pg_toast.x -- reason: system_table: reads inner tables -- wall: role
selec 1 -- reason: syntax_error: cannot be parsed -- wall: database
select from where -- reason: syntax_error: cannot be parsed -- wall: database
select 'unterminated -- reason: syntax_error: cannot be parsed -- wall: database
select 1 /* unterminated -- reason: syntax_error: cannot be parsed -- wall: database
select * from -- reason: syntax_error: cannot be parsed -- wall: database
select (1 -- reason: syntax_error: cannot be parsed -- wall: database
select 1) as q; drop table carriers; -- -- reason: syntax_error: tries to leave the wrapping -- wall: database
1) union select 1 -- -- reason: syntax_error: tries to leave the wrapping -- wall: database
exec sp_help -- reason: syntax_error: another database's statement -- wall: database
show tables from x -- reason: syntax_error: another database's statement -- wall: database
select * from pg_shadow s join carriers c on true -- reason: system_table: in a join -- wall: role
select * from carriers c left join pg_read_file('x') f on true -- reason: function_not_allowed: in a join -- wall: role
select 1 union select length(pg_read_file('x')) -- reason: function_not_allowed: in a set operation -- wall: role
(select code from carriers) except (select usename from pg_shadow) -- reason: system_table: in a set operation -- wall: role
select * from (carriers cross join (select * from pg_authid) x) -- reason: system_table: in a subquery of a join -- wall: role
select * from carriers where (select count(*) from pg_stat_file('x')) > 0 -- reason: function_not_allowed: in a subquery of WHERE -- wall: role
select 1 from carriers join lateral (select pg_sleep(0.01)) x on true -- reason: function_not_allowed: in a lateral join -- wall: guard only
