-- The cache alone. KEYS: entry, a counter per tag. ARGV: now or ''
return cache_look_up(KEYS[1], cache_generations(2, #KEYS), now_ms(ARGV[1]))
