local a = agent_of(ARGV[7])
if not a or a.session ~= ARGV[8] then return commit() end
if a.state == 'talking' then return refuse('agent_busy') end
if a.state == 'reserved' then
  local o = offer_of(a.offer)
  if o then end_offer(o, 'declined') end
end
-- Signing out and in again does not undo what somebody heard tonight.
if a.reds or a.rest then redis.call('HSET', P .. 'rests', a.id, cjson.encode({reds = a.reds, rested = a.rested, rest = a.rest})) end
become(a, 'offline')
drop('agents', a, {type = 'agent_gone', agent = a})
match()
return commit()
