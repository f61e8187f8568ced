-- T7 and T2a of an abandoned record. KEYS: record, index. ARGV: grace, the retention of records that say none, the
-- sweep's namespace.
-- Gives the state that it was moved to, or 0.
local old = redis.call('GET', KEYS[1])
local address = string.sub(KEYS[1], -32)
if not old then
  -- Deleted by hand.
  redis.call('ZREM', KEYS[2], address)
  return 0
end
local format, state = string.sub(old, 1, 1), string.sub(old, 2, 2)
if #old < 48 or (format ~= '\1' and format ~= '\2') or state ~= '\1' or string.byte(old, 44) > 4 then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
if struct.unpack('>I8', old, 3) > now - ARGV[1] then return 0 end
-- In the label's third line, behind attempts and digest: retention, lease, namespace.
local at = string.byte(old, 44) == 0 and 49 or 81
local label = string.sub(old, at + 2, at + 1 + struct.unpack('>I2', old, at))
local number, unit, namespace = string.match(label, '^[^\n]*\n[^\n]*\n(%d+)(s?) %d+s? ([^\n]*)')
if namespace and namespace ~= ARGV[3] then return 0 end
local policy = string.byte(old, 43)
if policy == 0 then
  redis.call('ZREM', KEYS[2], address)
  redis.call('SET', KEYS[1], format .. '\4\0\0\0\0\0\0\0\0' .. string.sub(old, 11))
  redis.call('ZADD', KEYS[2], -4, address)
  return 4
elseif policy == 1 then
  local retention = number and number * (unit == 's' and 1000000 or 1) or ARGV[2]
  local till = math.min(now + retention, 9007199254740991)
  redis.call('ZREM', KEYS[2], address)
  redis.call('SET', KEYS[1], format .. '\3' .. struct.pack('>I8', till) .. string.sub(old, 11), 'PXAT', math.ceil(till / 1000))
  return 3
end
return 0
