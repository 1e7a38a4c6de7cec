local a, till = agent_of(ARGV[7]), NOW + tonumber(ARGV[8])
if not a or a.state == 'offline' then return refuse('no_agent') end
if not can_free(a) then return refuse('wrong_state') end
hold(a, till)
match()
return commit({agent = a})
