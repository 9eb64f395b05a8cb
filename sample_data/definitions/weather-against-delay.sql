SELECT
  CASE
    WHEN visib < 1 THEN 'under 1 mile'
    WHEN visib < 3 THEN '1 to 3 miles'
    WHEN visib < 10 THEN '3 to 10 miles'
    ELSE '10 miles'
  END AS visibility,
  count(*) AS flights,
  round(100.0 * count(*) FILTER (WHERE is_cancelled) / count(*), 1) AS cancelled_percent,
  round(avg(dep_delay), 1) AS avg_dep_delay,
  -- One sensor reported more than 1000 mph once.
  round(avg(wind_speed) FILTER (WHERE wind_speed < 200), 1) AS avg_wind_mph,
  round(avg(precip), 3) AS avg_precip_inches
FROM flight_weather
WHERE origin = coalesce(:origin, origin)
GROUP BY 1
ORDER BY min(visib)
