-- Make every answer with one of the tags a miss. KEYS: a counter and an index per tag
for i = 1, #KEYS, 2 do
  redis.call('INCR', KEYS[i])
  redis.call('UNLINK', KEYS[i + 1])
end
return #KEYS / 2
