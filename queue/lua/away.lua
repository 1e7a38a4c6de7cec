local a = agent_of(ARGV[7])
if not a or a.state == 'offline' or a.session ~= ARGV[8] then return commit() end
if a.state == 'reserved' then
  local o = offer_of(a.offer)
  if o then end_offer(o, 'declined') end
  if a.prior and a.prior.state == 'wrap_up' then
    unreserve(a, 'connection_lost')
    a.away = a.state == 'wrap_up' or nil
    release(a)
  else
    not_ready(a, 'connection_lost')
  end
elseif a.state == 'talking' or a.state == 'wrap_up' or a.assist then
  if not a.away then
    a.away = true -- so that the end of wrap-up or of an assist does not promise a caller to an empty chair
    touch('agents', a)
    release(a)
  end
elseif a.state ~= 'not_ready' or a.reason ~= 'connection_lost' then
  not_ready(a, 'connection_lost')
end
match() -- a caller who rang here, or who waited for this agent, may fit another
return commit()
