-- The sliding window of engine/window_rules.py. A key is a hash: number of the bucket -> 'calls:last_ms'.
local function window_bucket(window_ms, now)
  return tostring(math.floor(now / math.max(1, math.ceil(window_ms / 60))))
end

local function window_read(key, window_ms, now)
  local window = {key = key, window_ms = window_ms, used = 0, current = 0, gone = {}}
  local current = window_bucket(window_ms, now)
  local flat = redis.call('HGETALL', key)
  for i = 1, #flat, 2 do
    local calls, last = string.match(flat[i + 1], '^(%d+):(%d+)$')
    last = tonumber(last)
    if last + window_ms <= now then
      window.gone[#window.gone + 1] = flat[i]
    else
      window.used = window.used + calls
      if flat[i] == current then
        window.current, window.last = tonumber(calls), last
      elseif not window.oldest or last < window.oldest then
        window.oldest = last
      end
    end
  end
  return window
end

-- Calls in the window, and milliseconds until the oldest of them leave it.
local function window_use(window, now)
  local oldest = window.oldest or window.last
  if not oldest then return window.used, 0 end
  if window.last and window.last < oldest then oldest = window.last end
  return window.used, oldest + window.window_ms - now
end

local function window_add(window, now)
  if #window.gone > 0 then redis.call('HDEL', window.key, unpack(window.gone)) end
  window.used = window.used + 1
  window.current = window.current + 1
  window.last = math.max(window.last or now, now)
  local bucket = window_bucket(window.window_ms, now)
  redis.call('HSET', window.key, bucket, window.current .. ':' .. window.last)
  redis.call('PEXPIRE', window.key, window.window_ms)
end
