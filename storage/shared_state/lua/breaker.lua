-- The state machine of engine/breaker_rules.py. A breaker is a hash, and a sorted set of its trial calls'
-- tokens by the end of their leases; the index and the latest events are shared by all breakers.
local EVENTS = 1000
local PROBE_RETRY_MS = 1000

-- KEYS from `first`: hash, probes, index, events.
local function breaker_at(first, name, channel, now)
  local breaker = {hash = KEYS[first], probes = KEYS[first + 1], index = KEYS[first + 2],
    events = KEYS[first + 3], name = name, channel = channel, now = now}
  local held = redis.call('HMGET', breaker.hash, 'state', 'mode', 'failures', 'successes', 'opened_ms')
  breaker.state = held[1] or 'closed'
  breaker.mode = held[2] or 'auto'
  breaker.failures = tonumber(held[3] or '0')
  breaker.successes = tonumber(held[4] or '0')
  breaker.opened_ms = tonumber(held[5] or '0')
  return breaker
end

local function breaker_shown(breaker)
  if breaker.mode == 'auto' then return breaker.state end
  return breaker.mode == 'forced_open' and 'open' or 'closed'
end

local function breaker_label(breaker)
  return breaker.mode == 'auto' and breaker.state or breaker.mode
end

local function breaker_keep(breaker, ...)
  redis.call('HSET', breaker.hash, ...)
  redis.call('SADD', breaker.index, breaker.name)
end

local function breaker_tell(breaker, from, to, reason, by)
  local event = cjson.encode({key = breaker.name, from_state = from, to_state = to,
    at_ms = breaker.now, reason = reason, by = by})
  redis.call('LPUSH', breaker.events, event)
  redis.call('LTRIM', breaker.events, 0, EVENTS - 1)
  redis.call('PUBLISH', breaker.channel, event)
end

local function breaker_move(breaker, to, open_ms, reason)
  breaker_tell(breaker, breaker_label(breaker), to, reason, '')
  breaker.state = to
  breaker.moved = true
  breaker.successes = 0
  redis.call('DEL', breaker.probes)
  breaker_keep(breaker, 'state', to, 'successes', 0, 'reason', reason, 'changed_by', '')
  if to == 'open' then
    redis.call('HSET', breaker.hash, 'opened_ms', breaker.now, 'open_ms', open_ms)
    redis.call('HINCRBY', breaker.hash, 'trips', 1)
  elseif to == 'closed' then
    breaker.failures = 0
    redis.call('HSET', breaker.hash, 'failures', 0)
  end
end

-- {allowed, state, failures, retry after in ms, whether the token holds a trial call's lease}
local function breaker_admit(breaker, open_ms, lease_ms, max_probes, token)
  local failures = breaker.failures
  if breaker.mode == 'forced_open' then return {0, 'open', failures, open_ms, 0} end
  if breaker.mode == 'disabled' or breaker.state == 'closed' then return {1, 'closed', failures, 0, 0} end
  if breaker.state == 'open' then
    local left = breaker.opened_ms + open_ms - breaker.now
    if left > 0 then return {0, 'open', failures, left, 0} end
    breaker_move(breaker, 'half-open', open_ms, 'the open period is over')
  end
  redis.call('ZREMRANGEBYSCORE', breaker.probes, '-inf', breaker.now)
  if redis.call('ZCARD', breaker.probes) >= max_probes then
    local first = redis.call('ZRANGE', breaker.probes, 0, 0, 'WITHSCORES')
    return {0, 'half-open', failures, math.min(PROBE_RETRY_MS, first[2] - breaker.now), 0}
  end
  redis.call('ZADD', breaker.probes, breaker.now + lease_ms, token)
  return {1, 'half-open', failures, 0, 1}
end

local function breaker_record_probe(breaker, outcome, token, open_ms, success_threshold)
  if redis.call('ZREM', breaker.probes, token) == 0 then return end
  if breaker.mode ~= 'auto' or breaker.state ~= 'half-open' or outcome == 'neutral' then return end
  if outcome == 'failure' then
    breaker_move(breaker, 'open', open_ms, 'a trial call failed')
    return
  end
  local successes = redis.call('HINCRBY', breaker.hash, 'successes', 1)
  if successes >= success_threshold then
    breaker_move(breaker, 'closed', open_ms, successes .. ' trial calls succeeded')
  end
end

-- `admitted` is the permit's state, '' for a refused one.
local function breaker_record(breaker, admitted, outcome, token, open_ms, failure_threshold, success_threshold)
  if admitted == 'half-open' then
    breaker_record_probe(breaker, outcome, token, open_ms, success_threshold)
  elseif admitted == 'closed' and breaker.mode == 'auto' and breaker.state == 'closed' then
    if outcome == 'success' and breaker.failures > 0 then
      redis.call('HSET', breaker.hash, 'failures', 0)
    elseif outcome == 'failure' then
      breaker.failures = breaker.failures + 1
      breaker_keep(breaker, 'failures', breaker.failures)
      if breaker.failures >= failure_threshold then
        breaker_move(breaker, 'open', open_ms, breaker.failures .. ' failures in a row')
      end
    end
  end
end
