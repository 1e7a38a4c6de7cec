local id = ARGV[7]
if redis.call('HGET', P .. 'lease:owner', id) ~= ARGV[8] or redis.call('HGET', P .. 'lease:epoch', id) ~= ARGV[9] then return 0 end
redis.call('ZREM', P .. 'leases', id)
redis.call('HDEL', P .. 'lease:owner', id)
redis.call('HDEL', P .. 'lease:epoch', id)
return 1
