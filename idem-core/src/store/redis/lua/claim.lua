-- T1. KEYS: record, index. ARGV: lease, the claim's record from the nonce on, whether to touch.
-- Gives the clock if the record was written, and otherwise the clock and what stands there.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local old = redis.call('GET', KEYS[1])
if old then
  local format = string.byte(old)
  if ARGV[3] == '1' and (format == 1 or format == 2) then
    -- Written again as it is, so that WAIT has something to wait for.
    redis.call('ZREM', KEYS[2], '')
    redis.call('SETRANGE', KEYS[1], 0, string.char(format))
  end
  return {now, old}
end
local till = math.min(now + ARGV[1], 9007199254740991)
local clock = struct.pack('>I8', now)
-- First: it is refused when memory is full, and then nothing was written.
redis.call('SET', KEYS[1], '\1\1' .. struct.pack('>I8', till) .. clock .. clock .. ARGV[2])
redis.call('ZADD', KEYS[2], till, string.sub(KEYS[1], -32))
return now
