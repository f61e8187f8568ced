-- KEYS: record, index. ARGV: the header as it was read, the new record or '' to delete it, its expiry in milliseconds
-- or '', its place in the index or ''. Gives 1 if it was applied now.
local old = redis.call('GETRANGE', KEYS[1], 0, 47)
if old ~= ARGV[1] then return 0 end
local address = string.sub(KEYS[1], -32)
redis.call('ZREM', KEYS[2], address)
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
elseif ARGV[3] == '' then
  redis.call('SET', KEYS[1], ARGV[2])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PXAT', ARGV[3])
end
if ARGV[4] ~= '' then redis.call('ZADD', KEYS[2], ARGV[4], address) end
return 1
