-- Admission in one trip: limits (all or none), then the cache, then the breaker unless the answer is fresh.
-- KEYS: one per limit; [entry, a counter per tag]; [the breaker's four]
-- ARGV: now or '', limits, (limit, window_ms) each, tags or -1, breaker or 0, then the breaker's
--       name, channel, open_ms, lease_ms, max_probes, token
-- Returns {refused or 0, {used, reset_ms, ...}, entry or false, generations, permit or false}
local now = now_ms(ARGV[1])
local limits = tonumber(ARGV[2])
local windows, refused = {}, 0
for i = 1, limits do
  windows[i] = window_read(KEYS[i], tonumber(ARGV[2 * i + 2]), now)
  if refused == 0 and windows[i].used >= tonumber(ARGV[2 * i + 1]) then refused = i end
end
local uses = {}
for i = 1, limits do
  if refused == 0 then window_add(windows[i], now) end
  uses[2 * i - 1], uses[2 * i] = window_use(windows[i], now)
end
if refused > 0 then return {refused, uses, false, '', false} end

local arg, key = 2 * limits + 3, limits + 1
local tags = tonumber(ARGV[arg])
local entry, generations = false, ''
if tags >= 0 then
  generations = cache_generations(key + 1, key + tags)
  entry = cache_look_up(KEYS[key], generations, now)
  key = key + tags + 1
end
local permit = false
if ARGV[arg + 1] == '1' and not (entry and entry[3] == 1) then
  local breaker = breaker_at(key, ARGV[arg + 2], ARGV[arg + 3], now)
  permit = breaker_admit(breaker, tonumber(ARGV[arg + 4]), tonumber(ARGV[arg + 5]), tonumber(ARGV[arg + 6]),
    ARGV[arg + 7])
end
return {0, uses, entry, generations, permit}
