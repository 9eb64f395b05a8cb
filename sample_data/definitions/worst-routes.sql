SELECT
  origin,
  dest,
  dest_name,
  flights,
  cancelled,
  avg_arr_delay
FROM route_delays
WHERE origin = coalesce(:origin, origin)
  AND flights >= :min_flights
  AND avg_arr_delay IS NOT NULL
ORDER BY avg_arr_delay DESC, origin, dest
LIMIT :limit
