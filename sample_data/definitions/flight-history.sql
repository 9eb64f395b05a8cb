SELECT
  f.flight_date,
  f.carrier,
  f.flight,
  f.origin,
  f.dest,
  f.dep_delay,
  f.arr_delay,
  f.distance,
  p.manufacturer,
  p.model,
  p.year AS built
FROM flights f
LEFT JOIN planes p ON p.tailnum = f.tailnum
WHERE f.tailnum = :tailnum
  AND f.flight_date BETWEEN :start_date AND :end_date
ORDER BY f.flight_date, f.sched_dep_time
LIMIT :limit OFFSET :offset
