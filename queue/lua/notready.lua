local a = agent_of(ARGV[7])
if not a or a.state == 'offline' then return refuse('no_agent') end
if a.session ~= ARGV[8] then return refuse('fenced') end
if a.state == 'reserved' or a.state == 'talking' or a.assist then return refuse('agent_busy') end
if a.state ~= 'not_ready' or a.reason ~= ARGV[9] then
  not_ready(a, ARGV[9])
  match() -- who waited for this agent may fit another
end
return commit({agent = a})
