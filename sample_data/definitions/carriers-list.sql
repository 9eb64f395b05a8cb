SELECT
  carrier,
  name
FROM airlines
ORDER BY name
LIMIT 100
