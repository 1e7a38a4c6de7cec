local a = agent_of(ARGV[7])
if not a then return refuse('no_agent') end
if not a.sos then return refuse('wrong_state') end
if not a.sos.ack_at then
  a.sos.ack_by, a.sos.ack_at = ARGV[8], NOW
  touch('agents', a)
end
return commit({agent = a})
