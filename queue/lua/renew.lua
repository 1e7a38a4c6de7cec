local till, lost = int(NOW + tonumber(ARGV[7])), {}
for i = 8, #ARGV, 3 do
  local id, owner, epoch = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local holder = redis.call('HGET', P .. 'lease:owner', id)
  if not holder then
    redis.call('HSET', P .. 'lease:owner', id, owner)
    redis.call('HSET', P .. 'lease:epoch', id, epoch)
    redis.call('ZADD', P .. 'leases', till, id)
  elseif holder == owner and redis.call('HGET', P .. 'lease:epoch', id) == epoch then
    redis.call('ZADD', P .. 'leases', till, id)
  else
    lost[#lost + 1] = id
  end
end
return lost
