SELECT
  f.carrier,
  a.name AS airline,
  count(*) AS flights,
  count(*) FILTER (WHERE f.dep_time IS NULL) AS cancelled,
  round(avg(f.dep_delay), 1) AS avg_dep_delay,
  round(avg(f.arr_delay), 1) AS avg_arr_delay,
  round(100.0 * count(*) FILTER (WHERE f.arr_delay > 15) / nullif(count(f.arr_delay), 0), 1) AS late_percent
FROM flights f
JOIN airlines a ON a.carrier = f.carrier
WHERE f.origin = coalesce(:origin, f.origin)
  AND f.flight_date BETWEEN :start_date AND :end_date
GROUP BY f.carrier, a.name
ORDER BY avg_arr_delay DESC NULLS LAST, f.carrier
LIMIT :limit
