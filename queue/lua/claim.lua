local id, owner, least = ARGV[7], ARGV[8], tonumber(ARGV[9])
local holder = redis.call('HGET', P .. 'lease:owner', id)
local till = tonumber(redis.call('ZSCORE', P .. 'leases', id) or '0')
if holder and holder ~= owner and till > NOW then return refuse('fenced') end
local epoch = math.max(tonumber(redis.call('HGET', P .. 'lease:epoch', id) or '0'), least) + 1
redis.call('ZADD', P .. 'leases', int(NOW + tonumber(ARGV[10])), id)
redis.call('HSET', P .. 'lease:owner', id, owner)
redis.call('HSET', P .. 'lease:epoch', id, int(epoch))
return commit({epoch = epoch})
