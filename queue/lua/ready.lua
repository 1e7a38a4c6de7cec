local a = agent_of(ARGV[7])
if not a or a.state == 'offline' then return refuse('no_agent') end
if a.session ~= ARGV[8] then return refuse('fenced') end
if taken(a) then return refuse('agent_busy') end
if a.owes then return refuse('form_due') end
if a.rest and a.rest > NOW and CFG.limit > 0 then return refuse('on_break') end
if a.state ~= 'available' then
  a.away, a.misses, a.rung = nil, nil, nil
  free(a)
  match()
end
return commit({agent = a})
