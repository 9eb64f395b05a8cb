-- What is used of each window. KEYS: one per limit. ARGV: now or '', window_ms each
local now, uses = now_ms(ARGV[1]), {}
for i = 1, #KEYS do
  uses[2 * i - 1], uses[2 * i] = window_use(window_read(KEYS[i], tonumber(ARGV[i + 1]), now), now)
end
return uses
