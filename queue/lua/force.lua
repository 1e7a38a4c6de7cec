local a, state = agent_of(ARGV[7]), ARGV[8]
if not a or a.state == 'offline' then return refuse('no_agent') end
if taken(a) then return refuse('agent_busy') end
-- The form of a caller at risk keeps its agent in the wrap-up; a supervisor lets them go when its time is over, and never to the next caller.
if a.owes and (state == 'available' or a.state == 'wrap_up' and not a.late) then return refuse('form_due') end
if a.owes then
  a.owes, a.late = nil, nil
  touch('agents', a)
end
if state == 'not_ready' then -- also the wish of a page to be available as soon as it can is over
  a.forced = NOW
  touch('agents', a)
end
if state == 'not_ready' and a.state ~= 'not_ready' then
  not_ready(a, 'forced')
  match() -- who waited for this agent may fit another
elseif state == 'available' and a.state ~= 'available' then
  if not present(a) then return refuse('wrong_state') end -- nobody is offered to an empty chair
  if a.rest and a.rest > NOW and CFG.limit > 0 then return refuse('on_break') end
  a.misses = nil
  free(a)
  match()
end
return commit({agent = a})
