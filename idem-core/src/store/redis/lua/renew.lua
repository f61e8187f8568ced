-- T3. KEYS: record, index. ARGV: fence and nonce, lease. Gives 1 if the lease is the caller's.
local old = redis.call('GETRANGE', KEYS[1], 0, 41)
local head = string.sub(old, 1, 2)
if (head ~= '\1\1' and head ~= '\2\1') or string.sub(old, 19, 42) ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
local till = math.min(time[1] * 1000000 + time[2] + ARGV[2], 9007199254740991)
if till > struct.unpack('>I8', old, 3) then
  local address = string.sub(KEYS[1], -32)
  redis.call('ZREM', KEYS[2], address)
  redis.call('SETRANGE', KEYS[1], 2, struct.pack('>I8', till))
  redis.call('ZADD', KEYS[2], till, address)
end
return 1
