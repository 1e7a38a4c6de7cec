local a = agent_of(ARGV[7])
if not a or a.state == 'offline' then return refuse('no_agent') end
if a.session ~= ARGV[8] then return refuse('fenced') end
if not a.keeps then return refuse('wrong_state') end
wrap_up(a)
match() -- who leads can be rung in the wrap-up
return commit({agent = a})
