-- KEYS: record, index. ARGV: whether to touch. Gives the clock and what stands there, or nothing.
local old = redis.call('GET', KEYS[1])
if not old then return false end
local format = string.byte(old)
if ARGV[1] == '1' and (format == 1 or format == 2) then
  -- Written again as it is, so that WAIT has something to wait for.
  redis.call('ZREM', KEYS[2], '')
  redis.call('SETRANGE', KEYS[1], 0, string.char(format))
end
local time = redis.call('TIME')
return {time[1] * 1000000 + time[2], old}
