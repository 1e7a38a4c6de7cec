local BATCH, LEASE_KEPT = 100, 3600 * 1000
local n = 0
local function due(key, most) return redis.call('ZRANGEBYSCORE', P .. key, '-inf', int(most), 'LIMIT', 0, BATCH) end

for _, id in ipairs(due('ringing', NOW)) do
  local o = offer_of(id)
  if o then
    end_offer(o, 'expired')
    local a = agent_of(o.agent)
    if a and a.offer == id and not rung_in_vain(a, 'no_answer') then
      a.misses = (a.misses or 0) + 1
      a.idle = nil -- missed: to the end of the idle
      if a.prior and a.prior.keeps or a.misses >= CFG.miss then not_ready(a, 'no_answer') else become(a, 'available') end
    end
    n = n + 1
  else
    redis.call('ZREM', P .. 'ringing', id)
  end
end
for _, id in ipairs(due('wrapping', NOW)) do
  local a = agent_of(id)
  if a and a.state == 'wrap_up' and a.owes then
    a.late = NOW -- it goes on; who leads is told
    redis.call('ZREM', P .. 'wrapping', id)
    touch('agents', a)
    n = n + 1
  elseif a and a.state == 'wrap_up' then
    if a.away then not_ready(a, 'connection_lost') else free(a, a.ends) end
    n = n + 1
  else
    redis.call('ZREM', P .. 'wrapping', id)
  end
end
for _, id in ipairs(due('keeping', NOW)) do
  local a = agent_of(id)
  if a and a.keeps then
    wrap_up(a)
    n = n + 1
  else
    redis.call('ZREM', P .. 'keeping', id)
  end
end
for _, id in ipairs(due('orphans', NOW)) do
  local a = agent_of(id)
  if a and a.state == 'talking' then
    not_ready(a, 'connection_lost')
    n = n + 1
  elseif a and a.assist then
    end_assist(a)
    n = n + 1
  else
    redis.call('ZREM', P .. 'orphans', id)
  end
end
for _, id in ipairs(due('kept', NOW)) do
  local a = agent_of(id)
  if a and a.state == 'available' and not a.spot then
    hold(a, 0)
    n = n + 1
  else
    redis.call('ZREM', P .. 'kept', id)
  end
end
for _, id in ipairs(due('exposed', NOW)) do
  local a = agent_of(id)
  if a and a.spot then
    unseat(a)
    seat(a)
    touch('agents', a)
    n = n + 1
  else
    redis.call('ZREM', P .. 'exposed', id)
  end
end
for _, id in ipairs(due('relax', NOW)) do
  local c = call_of(id)
  if c and c.state == 'waiting' then
    exit(c)
    redis.call('ZREM', P .. 'relax', id)
    enter(c)
    touch('calls', c)
    n = n + 1
  else
    redis.call('ZREM', P .. 'relax', id)
  end
end
for _, id in ipairs(due('leases', NOW - LEASE_KEPT)) do
  redis.call('ZREM', P .. 'leases', id)
  redis.call('HDEL', P .. 'lease:owner', id)
  redis.call('HDEL', P .. 'lease:epoch', id)
end
match()
if n + count.made == 0 then REQKEY, quiet = false, true end -- nothing changed, nothing to remember four times a second
return commit({n = n})
