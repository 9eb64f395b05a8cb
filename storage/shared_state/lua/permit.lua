-- One more attempt. KEYS: the breaker's four
-- ARGV: now or '', name, channel, open_ms, lease_ms, max_probes, token
local breaker = breaker_at(1, ARGV[2], ARGV[3], now_ms(ARGV[1]))
return breaker_admit(breaker, tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7])
