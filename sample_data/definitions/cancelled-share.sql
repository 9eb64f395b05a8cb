SELECT
  f.month,
  f.carrier,
  a.name AS airline,
  count(*) AS flights,
  count(*) FILTER (WHERE f.dep_time IS NULL) AS cancelled,
  round(100.0 * count(*) FILTER (WHERE f.dep_time IS NULL) / count(*), 2) AS cancelled_percent
FROM flights f
JOIN airlines a ON a.carrier = f.carrier
WHERE f.carrier = coalesce(:carrier, f.carrier)
  AND f.month = coalesce(:month, f.month)
GROUP BY f.month, f.carrier, a.name
HAVING count(*) >= :min_flights
ORDER BY cancelled_percent DESC, f.month, f.carrier
