local a = agent_of(ARGV[7])
if not a then return refuse('no_agent') end
if a.session ~= ARGV[8] then return refuse('fenced') end
if a.state == 'reserved' or a.state == 'talking' then return refuse('agent_busy') end
if a.state ~= 'available' then
  a.away, a.misses = nil, nil
  become(a, 'available')
  match()
end
return commit({agent = a})
