SELECT
  flight_date,
  origin,
  flights,
  cancelled,
  avg_dep_delay,
  on_time_percent
FROM daily_punctuality
WHERE origin = coalesce(:origin, origin)
  AND flight_date BETWEEN :start_date AND :end_date
ORDER BY flight_date, origin
