local a, state = agent_of(ARGV[7]), ARGV[8]
if not a or a.state == 'offline' then return refuse('no_agent') end
if a.state == 'reserved' or a.state == 'talking' or a.assist then return refuse('agent_busy') end
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
