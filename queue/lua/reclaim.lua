local c, to = call_of(ARGV[7]), agent_of(ARGV[8])
if not c then return refuse('no_call') end
if converses(c) and c.agent == ARGV[8] then return commit({call = c}) end
if not c.lost or c.state ~= 'waiting' and c.state ~= 'offered' then return refuse('wrong_state') end
if not to or to.state == 'offline' then return refuse('no_agent') end
if to.state ~= 'reserved' and taken(to) or to.state == 'reserved' and to.offer ~= c.offer then return refuse('agent_busy') end
local o = c.state == 'offered' and offer_of(c.offer)
if o then
  local x = agent_of(o.agent)
  end_offer(o, 'withdrawn', true)
  if x and x.id ~= to.id and x.offer == o.id then unreserve(x) end
end
leave(c)
found(c)
assign(c, nil)
c.state, c.since, c.talked, c.agent, c.offer, c.hold = 'talking', NOW, c.talked or NOW, to.id, nil, nil
touch('calls', c)
redis.call('HSET', P .. 'talks', to.id, c.id)
to.accepted = nil
expose(to, c)
become(to, 'talking', {call = c.id})
to.began, to.line = NOW, c.line
match() -- whom it rang may fit another
return commit({call = c})
