local a = agent_of(ARGV[7])
if not a then return refuse('no_agent') end
if a.sos then
  a.sos = nil
  if a.state == 'offline' then -- stayed only for this
    drop('agents', a, {type = 'agent_gone', agent = a})
  else
    touch('agents', a)
  end
end
return commit({agent = a})
