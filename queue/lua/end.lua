local id = ARGV[7]
local c = call_of(id)
if not c then
  -- It may have left before its controller restored it; an agent restored as talking to it need not wait for the sweep.
  for _, agent in ipairs(redis.call('ZRANGE', P .. 'orphans', 0, -1)) do
    local a = agent_of(agent)
    if a and a.call == id then wrap_up(a) elseif a and a.assist == id then end_assist(a) end
  end
  forget(id)
  match()
  return commit()
end
local agent = nil
if c.state == 'offered' then
  local o, a = offer_of(c.offer), agent_of(c.agent)
  if o then end_offer(o, 'withdrawn', true) end
  if a and a.offer == c.offer then unreserve(a) end
elseif c.agent then
  agent = c.agent -- stays in the last row, for who keeps the record of the talk
  local a, answered = part(c), ARGV[8] == 'answered'
  if a and answered and (c.tier == 'red' or c.danger) and not c.filed then a.owes = c.id end
  if a and answered and c.keep and not a.away then
    keep_agent(a, c.id, NOW + c.keep)
  elseif a then
    wrap_up(a)
  end
end
leave(c)
found(c)
again_of(c, nil)
end_assists(id)
assign(c, nil)
c.agent, c.offer, c.hold = agent, nil, nil
drop('calls', c, {type = 'call_gone', call = c, ending = ARGV[8]})
match()
return commit()
