local c, from = call_of(ARGV[7]), ARGV[8]
if not c then return refuse('no_call') end
if c.lost_by == from and (c.state == 'waiting' or c.state == 'offered') then return commit({call = c}) end
if not converses(c) or c.agent ~= from then return refuse('wrong_state') end
local a = part(c)
if a then not_ready(a, 'connection_lost') end
end_assists(c.id)
to_head(c)
c.from, c.need = NOW, c.asked or c.need -- a new wait, as by enqueue
c.lost, c.lost_by = NOW, from
redis.call('HSET', P .. 'lost', c.id, from)
wait(c)
match()
return commit({call = c})
