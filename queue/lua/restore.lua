local c = cjson.decode(ARGV[7])
if call_of(c.id) then return commit() end
settle()
bound(c)
local state, agent, since = c.state, c.agent, c.since
c.offer, c.from = nil, c.from or c.arrived
if c.front then c.front = clamp(c.front, own_key(c) - OLDEST, own_key(c)) end
if state == 'talking' or state == 'held' or state == 'degraded' then c.assigned, c.assign = nil, nil end
if c.assigned then redis.call('HSET', P .. 'assigned', c.id, c.assigned) end
if state == 'greeting' or state == 'degraded' then
  c.agent, c.hold, c.since = nil, nil, since or NOW
  touch('calls', c)
  end_assists(c.id)
  match()
  return commit()
end
local other = agent and redis.call('HGET', P .. 'talks', agent)
if (state == 'talking' or state == 'held') and agent and (not other or other == c.id) then
  c.since = since or NOW
  redis.call('HSET', P .. 'talks', agent, c.id)
  touch('calls', c)
  for _, x in ipairs(assistants(c.id)) do redis.call('ZREM', P .. 'orphans', x.id) end
  local a = agent_of(agent)
  if a and a.state == 'talking' and a.call == c.id then
    redis.call('ZREM', P .. 'orphans', a.id)
  elseif a and a.state ~= 'offline' then
    -- The channel is in this agent's bridge, whatever the index thought: an offer made meanwhile goes to the next.
    local o = a.state == 'reserved' and offer_of(a.offer)
    if o then end_offer(o, 'withdrawn') end
    become(a, 'talking', {call = c.id})
  end
else
  end_assists(c.id)
  wait(c) -- also a talk whose agent has another: never two callers with one agent, never a caller with none
  c.since = since or NOW
end
match()
return commit()
