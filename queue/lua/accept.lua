local id, a = ARGV[7], agent_of(ARGV[8])
if not a or a.state == 'offline' then return refuse('no_agent') end
if a.session ~= ARGV[9] then return refuse('fenced') end
local o = offer_of(id)
if not o then
  local c = a.accepted == id and call_of(a.call)
  if c and c.agent == a.id then return commit({call = c}) end
  return refuse('offer_gone')
end
local c = call_of(o.call)
if o.agent ~= a.id or o.expires <= NOW or not c or c.offer ~= id then return refuse('offer_gone') end
end_offer(o, 'accepted', true)
leave(c)
c.state, c.since, c.talked, c.offer, c.hold = 'talking', NOW, c.talked or NOW, nil, nil
assign(c, nil)
found(c)
touch('calls', c)
redis.call('HSET', P .. 'talks', a.id, c.id)
a.accepted = id
expose(a, c)
become(a, 'talking', {call = c.id})
a.began, a.line = NOW, c.line
return commit({call = c})
