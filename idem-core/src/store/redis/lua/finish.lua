-- T5, T6, T7. KEYS: record, index. ARGV: fence and nonce, new state, the other state to come from, retention, reply.
-- Gives 1 if it was applied now.
local old = redis.call('GET', KEYS[1])
if not old or string.sub(old, 19, 42) ~= ARGV[1] then return 0 end
local format = string.sub(old, 1, 1)
if format ~= '\1' and format ~= '\2' then return 0 end
local state = string.sub(old, 2, 2)
if state ~= '\1' and state ~= ARGV[3] then return 0 end
local address = string.sub(KEYS[1], -32)
-- First: a script that has removed something may write although memory is full, and what began must be able to end.
redis.call('ZREM', KEYS[2], address)
if ARGV[2] == '\4' then
  redis.call('SET', KEYS[1], format .. '\4\0\0\0\0\0\0\0\0' .. string.sub(old, 11))
  redis.call('ZADD', KEYS[2], -4, address)
else
  local time = redis.call('TIME')
  local till = math.min(time[1] * 1000000 + time[2] + ARGV[4], 9007199254740991)
  redis.call('SET', KEYS[1], format .. ARGV[2] .. struct.pack('>I8', till) .. string.sub(old, 11) .. ARGV[5],
    'PXAT', math.ceil(till / 1000))
end
return 1
