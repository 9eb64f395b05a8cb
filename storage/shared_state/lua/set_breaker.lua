-- An operator's mode. KEYS: the breaker's four. ARGV: now or '', name, channel, mode, reason, by
local breaker = breaker_at(1, ARGV[2], ARGV[3], now_ms(ARGV[1]))
local from = breaker_label(breaker)
breaker.mode = ARGV[4]
breaker_keep(breaker, 'mode', ARGV[4], 'reason', ARGV[5], 'changed_by', ARGV[6])
if breaker.mode == 'auto' then
  breaker.state = 'closed'
  redis.call('HSET', breaker.hash, 'state', 'closed', 'failures', 0, 'successes', 0)
  redis.call('DEL', breaker.probes)
end
breaker_tell(breaker, from, breaker_label(breaker), ARGV[5], ARGV[6])
return 1
