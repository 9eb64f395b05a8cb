SELECT
  faa,
  name,
  lat,
  lon
FROM airports
WHERE faa = upper(:q)
  OR strpos(lower(name), lower(:q)) > 0
ORDER BY faa = upper(:q) DESC, name
LIMIT :limit
