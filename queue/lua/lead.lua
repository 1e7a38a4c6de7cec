local a, on = agent_of(ARGV[7]), ARGV[9] == '1' or nil
if not a or a.state == 'offline' then return refuse('no_agent') end
if a.session ~= ARGV[8] then return refuse('fenced') end
if a.lead ~= on then
  lead(a, on)
  match()
end
return commit({agent = a})
