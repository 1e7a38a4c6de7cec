local c, from, to = call_of(ARGV[7]), ARGV[8], ARGV[9]
if not c then return refuse('no_call') end
if not converses(c) or c.agent ~= from or from == to or c.tier == 'red' then return refuse('wrong_state') end
local next = to ~= '' and agent_of(to)
if to ~= '' and (not next or next.state == 'offline') then return refuse('no_agent') end
local a = part(c)
if a then wrap_up(a) end
end_assists(c.id)
to_head(c)
c.from, c.need = NOW, c.asked or c.need -- a new wait, as by enqueue
if c.preferred == from then c.preferred, c.prefer = nil, nil end -- who gives a caller away is not waited for
assign(c, next and to or nil)
wait(c)
match()
return commit({call = c})
