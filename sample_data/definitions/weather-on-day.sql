SELECT
  origin,
  make_date(year, month, day) AS day,
  min(visib) AS min_visibility_miles,
  round(max(wind_speed) FILTER (WHERE wind_speed < 200), 1) AS max_wind_mph,
  round(sum(precip), 2) AS precip_inches,
  min(temp) AS min_temp_f,
  max(temp) AS max_temp_f
FROM weather
WHERE origin = :origin
  AND make_date(year, month, day) = :day
GROUP BY origin, year, month, day
