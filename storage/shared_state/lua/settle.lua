-- Settlement in one trip: the breaker learns of an attempt, and the answer is stored.
-- KEYS: [the breaker's four]; [entry, a counter per tag, an index per tag]
-- ARGV: now or '', breaker or 0, then the breaker's name, channel, open_ms, failure_threshold,
--       success_threshold, the permit's state or '', its token, outcome; then tags or -1, then the
--       write's name, value, tags as JSON, fresh_ms, keep_ms, generations
-- Returns {the breaker's state in force, 1 when the answer was stored, 1 when the state changed}
local now = now_ms(ARGV[1])
local key, shown, changed = 1, 'closed', 0
if ARGV[2] == '1' then
  local breaker = breaker_at(1, ARGV[3], ARGV[4], now)
  breaker_record(breaker, ARGV[8], ARGV[10], ARGV[9], tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]))
  shown = breaker_shown(breaker)
  changed = breaker.moved and 1 or 0
  key = 5
end
local stored, tags = 0, tonumber(ARGV[11])
if tags >= 0 then
  local write = {name = ARGV[12], value = ARGV[13], tags = ARGV[14], fresh_ms = tonumber(ARGV[15]),
    keep_ms = tonumber(ARGV[16]), generations = ARGV[17]}
  stored = cache_store(KEYS[key], key + 1, tags, write, now)
end
return {shown, stored, changed}
