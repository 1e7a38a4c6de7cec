local c, to = call_of(ARGV[7]), ARGV[8]
if not c then return refuse('no_call') end
if c.state ~= 'greeting' and c.state ~= 'waiting' and c.state ~= 'offered' then return refuse('wrong_state') end
local a = to ~= '' and agent_of(to)
if to ~= '' and (not a or a.state == 'offline') then return refuse('no_agent') end
if not a and not c.assigned then return commit({call = c}) end
local waiting = c.state == 'waiting'
if waiting then exit(c) end
assign(c, a and to or nil)
if waiting then enter(c) end
touch('calls', c)
if waiting then match() end
return commit({call = c})
