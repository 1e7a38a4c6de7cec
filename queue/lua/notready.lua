local a = agent_of(ARGV[7])
if not a or a.state == 'offline' then return refuse('no_agent') end
if a.session ~= ARGV[8] then return refuse('fenced') end
if taken(a) then return refuse('agent_busy') end
if a.owes and a.state == 'wrap_up' then return refuse('form_due') end
if a.state ~= 'not_ready' or a.reason ~= ARGV[9] then
  a.rung = nil
  not_ready(a, ARGV[9])
  match() -- who waited for this agent may fit another
end
return commit({agent = a})
