-- Tables and views of the sample data, in the SQL that DuckDB and PostgreSQL share.
CREATE TABLE airlines (
  carrier TEXT PRIMARY KEY,
  name TEXT NOT NULL
);
COMMENT ON TABLE airlines IS 'One carrier';

CREATE TABLE airports (
  faa TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  lat DOUBLE PRECISION NOT NULL,
  lon DOUBLE PRECISION NOT NULL,
  alt INTEGER NOT NULL,
  tz SMALLINT NOT NULL,
  dst TEXT NOT NULL,
  tzone TEXT
);
COMMENT ON TABLE airports IS 'One airport: position, altitude in feet, hours from UTC, time zone';

CREATE TABLE planes (
  tailnum TEXT PRIMARY KEY,
  year SMALLINT,
  type TEXT NOT NULL,
  manufacturer TEXT NOT NULL,
  model TEXT NOT NULL,
  engines SMALLINT NOT NULL,
  seats SMALLINT NOT NULL,
  speed SMALLINT,
  engine TEXT NOT NULL
);
COMMENT ON TABLE planes IS 'One aircraft';
COMMENT ON COLUMN planes.year IS 'Year of manufacture';

CREATE TABLE weather (
  origin TEXT NOT NULL,
  time_hour TIMESTAMPTZ NOT NULL,
  year SMALLINT NOT NULL,
  month SMALLINT NOT NULL,
  day SMALLINT NOT NULL,
  hour SMALLINT NOT NULL,
  temp DOUBLE PRECISION,
  dewp DOUBLE PRECISION,
  humid DOUBLE PRECISION,
  wind_dir SMALLINT,
  wind_speed DOUBLE PRECISION,
  wind_gust DOUBLE PRECISION,
  precip DOUBLE PRECISION,
  pressure DOUBLE PRECISION,
  visib DOUBLE PRECISION,
  PRIMARY KEY (origin, time_hour)
);
COMMENT ON TABLE weather IS 'One hour of weather at an origin airport: Fahrenheit, mph, inches, millibars, miles';

CREATE TABLE flights (
  flight_date DATE NOT NULL,
  year SMALLINT NOT NULL,
  month SMALLINT NOT NULL,
  day SMALLINT NOT NULL,
  dep_time SMALLINT,
  sched_dep_time SMALLINT NOT NULL,
  dep_delay SMALLINT,
  arr_time SMALLINT,
  sched_arr_time SMALLINT NOT NULL,
  arr_delay SMALLINT,
  carrier TEXT NOT NULL,
  flight SMALLINT NOT NULL,
  tailnum TEXT,
  origin TEXT NOT NULL,
  dest TEXT NOT NULL,
  air_time SMALLINT,
  distance SMALLINT NOT NULL,
  hour SMALLINT NOT NULL,
  minute SMALLINT NOT NULL,
  time_hour TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (flight_date, carrier, flight, origin, sched_dep_time)
);
COMMENT ON TABLE flights IS 'One departure from EWR, JFK or LGA in 2013; delays in minutes, distance in miles; dep_time is NULL when cancelled';
COMMENT ON COLUMN flights.flight_date IS 'Local date of the scheduled departure, from year, month and day';
COMMENT ON COLUMN flights.time_hour IS 'Scheduled hour of departure; joins weather with origin';

CREATE VIEW carrier_delays AS
SELECT
  f.carrier,
  a.name AS airline,
  count(*) AS flights,
  count(*) FILTER (WHERE f.dep_time IS NULL) AS cancelled,
  CAST(round(CAST(avg(f.dep_delay) AS NUMERIC(12, 4)), 1) AS DOUBLE PRECISION) AS avg_dep_delay,
  CAST(round(CAST(avg(f.arr_delay) AS NUMERIC(12, 4)), 1) AS DOUBLE PRECISION) AS avg_arr_delay,
  CAST(round(CAST(100.0 * count(*) FILTER (WHERE f.arr_delay > 15) / nullif(count(f.arr_delay), 0) AS NUMERIC(12, 4)), 1) AS DOUBLE PRECISION) AS late_percent
FROM flights f
JOIN airlines a ON a.carrier = f.carrier
GROUP BY f.carrier, a.name;
COMMENT ON VIEW carrier_delays IS 'Delays of each carrier over the year; late is more than 15 minutes after schedule';

CREATE VIEW route_delays AS
SELECT
  f.origin,
  f.dest,
  p.name AS dest_name,
  count(*) AS flights,
  count(*) FILTER (WHERE f.dep_time IS NULL) AS cancelled,
  CAST(round(CAST(avg(f.arr_delay) AS NUMERIC(12, 4)), 1) AS DOUBLE PRECISION) AS avg_arr_delay
FROM flights f
LEFT JOIN airports p ON p.faa = f.dest
GROUP BY f.origin, f.dest, p.name;
COMMENT ON VIEW route_delays IS 'Delays of each route over the year';

CREATE VIEW daily_punctuality AS
SELECT
  flight_date,
  origin,
  count(*) AS flights,
  count(*) FILTER (WHERE dep_time IS NULL) AS cancelled,
  CAST(round(CAST(avg(dep_delay) AS NUMERIC(12, 4)), 1) AS DOUBLE PRECISION) AS avg_dep_delay,
  CAST(round(CAST(100.0 * count(*) FILTER (WHERE arr_delay <= 15) / count(*) AS NUMERIC(12, 4)), 1) AS DOUBLE PRECISION) AS on_time_percent
FROM flights
GROUP BY flight_date, origin;
COMMENT ON VIEW daily_punctuality IS 'Each day at each origin; on time is at most 15 minutes after schedule, of all scheduled flights';

CREATE VIEW flight_weather AS
SELECT
  f.flight_date,
  f.time_hour,
  f.origin,
  f.dest,
  f.carrier,
  f.flight,
  f.tailnum,
  f.dep_delay,
  f.dep_time IS NULL AS is_cancelled,
  w.temp,
  w.wind_speed,
  w.wind_gust,
  w.precip,
  w.visib
FROM flights f
JOIN weather w ON w.origin = f.origin AND w.time_hour = f.time_hour;
COMMENT ON VIEW flight_weather IS 'Each flight with the weather at its origin in its scheduled hour';
