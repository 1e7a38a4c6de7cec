local c, from, to = call_of(ARGV[7]), ARGV[8], agent_of(ARGV[9])
if not c then return refuse('no_call') end
if not converses(c) or not c.agent then return refuse('wrong_state') end
if c.agent == ARGV[9] then return commit({call = c}) end
if c.agent ~= from then return refuse('wrong_state') end
if not present(to) then return refuse('no_agent') end
if to.state == 'reserved' or to.state == 'talking' or to.keeps or to.assist and to.assist ~= c.id then return refuse('agent_busy') end
local a = part(c)
if a then wrap_up(a) end
c.state, c.since, c.agent, c.keep = 'talking', NOW, to.id, nil
touch('calls', c)
redis.call('HSET', P .. 'talks', to.id, c.id)
to.accepted = nil
expose(to, c)
become(to, 'talking', {call = c.id})
to.began, to.line = NOW, c.line
match() -- who leads can be rung in the wrap-up
return commit({call = c})
