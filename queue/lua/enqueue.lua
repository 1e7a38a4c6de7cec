local c, front = call_of(ARGV[7]), ARGV[8] == '1'
if not c then return refuse('no_call') end
if c.state == 'waiting' or c.state == 'offered' then return commit({call = c}) end
-- A talk that broke without a hold before it must not strand its caller: to the front, but never out of a running talk by accident.
if c.state == 'talking' and not front then return refuse('wrong_state') end
local a = part(c)
if a then
  if front then not_ready(a, 'connection_lost') else wrap_up(a) end
end
end_assists(c.id) -- without an agent there is nobody to be beside
if front then to_head(c) end
c.from, c.need = NOW, c.asked or c.need -- a new wait: what was relaxed in an earlier one is asked for again
wait(c)
match()
return commit({call = c})
