local a = agent_of(ARGV[7])
if not a or a.state == 'offline' then return refuse('no_agent') end
if a.session ~= ARGV[8] then return refuse('fenced') end
if not a.sos or a.sos.ack_at then -- asked again after somebody came: asked anew
  a.sos = {at = NOW, call = ARGV[9] ~= '' and ARGV[9] or nil}
  touch('agents', a)
end
return commit({agent = a})
