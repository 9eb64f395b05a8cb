-- Answers under the generations of their tags. An entry is a hash; a tag's generation is a counter that
-- every invalidation raises; a tag's index is a sorted set of cache keys by the end of their time.
local INDEX_SIZE = 10000

local function cache_generations(first, last)
  if last < first then return 'r:' end
  local counters = redis.call('MGET', unpack(KEYS, first, last))
  for i = 1, #counters do counters[i] = counters[i] or '0' end
  return 'r:' .. table.concat(counters, ',')
end

-- {value, age in ms, fresh} or false. What is damaged, foreign or invalidated is removed.
local function cache_look_up(key, generations, now)
  local entry = redis.pcall('HMGET', key, 'value', 'generations', 'stored_ms', 'fresh_until_ms', 'keep_until_ms')
  if entry.err then
    redis.call('DEL', key)
    return false
  end
  if not entry[1] then return false end
  local stored, fresh_until, keep_until = tonumber(entry[3] or ''), tonumber(entry[4] or ''), tonumber(entry[5] or '')
  local whole = stored and fresh_until and keep_until
  if not whole or entry[2] ~= generations or keep_until <= now then
    redis.call('DEL', key)
    return false
  end
  return {entry[1], math.max(0, now - stored), now < fresh_until and 1 or 0}
end

local function cache_index(index, name, keep_until, keep_ms, now)
  redis.call('ZREMRANGEBYSCORE', index, '-inf', now)
  redis.call('ZADD', index, keep_until, name)
  redis.call('ZREMRANGEBYRANK', index, 0, -INDEX_SIZE - 1)
  if redis.call('PTTL', index) < keep_ms then redis.call('PEXPIRE', index, keep_ms) end
end

-- Keep an answer unless a tag moved since `write.generations` were read; 1 when it was kept.
local function cache_store(key, first_tag, tags, write, now)
  local last_tag = first_tag + tags - 1
  if cache_generations(first_tag, last_tag) ~= write.generations then return 0 end
  local keep_until = now + write.keep_ms
  redis.call('DEL', key)
  if write.keep_ms <= 0 then return 0 end
  redis.call('HSET', key, 'value', write.value, 'generations', write.generations, 'tags', write.tags,
    'stored_ms', now, 'fresh_until_ms', now + write.fresh_ms, 'keep_until_ms', keep_until)
  redis.call('PEXPIRE', key, write.keep_ms)
  for i = last_tag + 1, last_tag + tags do cache_index(KEYS[i], write.name, keep_until, write.keep_ms, now) end
  return 1
end
