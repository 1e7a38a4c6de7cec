local a = agent_of(ARGV[7])
if not a or a.state == 'offline' or a.session ~= ARGV[8] then return commit() end
if a.state == 'talking' or a.assist or a.keeps or a.prior and a.prior.keeps then return refuse('agent_busy') end
-- Whose browser stays away is signed out when who leads knows that the form is missing.
if a.owes and (a.state == 'wrap_up' or a.prior and a.prior.state == 'wrap_up') and not (a.late and a.away) then return refuse('form_due') end
if a.state == 'reserved' then
  local o = offer_of(a.offer)
  if o then end_offer(o, 'declined') end
end
-- Signing out and in again does not undo what somebody heard tonight.
if a.reds or a.rest then redis.call('HSET', P .. 'rests', a.id, cjson.encode({reds = a.reds, rested = a.rested, rest = a.rest})) end
unassign(a.id)
if a.lead then lead(a, nil) end
a.away, a.misses, a.owes, a.late, a.rung = nil, nil, nil, nil, nil
become(a, 'offline')
if a.sos then -- whoever asked for help and is gone is the last whom the board may forget
  a.session, a.console = '', nil
else
  drop('agents', a, {type = 'agent_gone', agent = a})
end
match()
return commit()
