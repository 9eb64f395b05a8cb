SELECT
  hour,
  count(*) FILTER (WHERE dep_delay <= 15) AS on_time,
  count(*) FILTER (WHERE dep_delay > 15) AS late,
  count(*) FILTER (WHERE dep_time IS NULL) AS cancelled,
  round(avg(dep_delay), 1) AS avg_dep_delay
FROM flights
WHERE origin = :origin
  AND flight_date = :day
GROUP BY hour
ORDER BY hour
