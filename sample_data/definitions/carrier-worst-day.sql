SELECT
  carrier,
  flight_date,
  origin,
  count(arr_delay) AS arrivals,
  round(avg(arr_delay), 1) AS avg_arr_delay
FROM flights
WHERE carrier = :carrier
GROUP BY carrier, flight_date, origin
HAVING count(arr_delay) >= :min_flights
ORDER BY avg_arr_delay DESC, flight_date, origin
LIMIT :limit
