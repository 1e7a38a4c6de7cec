local a = agent_of(ARGV[8])
if not a then return refuse('no_agent') end
if a.assist == ARGV[7] then
  end_assist(a)
  match()
end
return commit({agent = a})
