local c, a = call_of(ARGV[7]), agent_of(ARGV[8])
if not a or a.state == 'offline' then return refuse('no_agent') end
if not c then return refuse('no_call') end
if a.assist == c.id then return commit({agent = a}) end
if taken(a) then return refuse('agent_busy') end
if not converses(c) then return refuse('wrong_state') end
take_part(a, c.id, {state = a.state, reason = a.reason, since = a.since, ends = a.ends})
match() -- who waited for this agent may fit another
return commit({agent = a})
