-- KEYS: index. ARGV: grace, how many to pass over, how many to give. Gives the addresses of lapsed leases.
local time = redis.call('TIME')
local before = time[1] * 1000000 + time[2] - ARGV[1]
if before < 0 then return {} end
return redis.call('ZRANGEBYSCORE', KEYS[1], 0, before, 'LIMIT', ARGV[2], ARGV[3])
