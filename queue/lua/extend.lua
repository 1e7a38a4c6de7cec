local a = agent_of(ARGV[7])
if not a or a.state == 'offline' then return refuse('no_agent') end
if a.session ~= ARGV[8] then return refuse('fenced') end
if a.state ~= 'wrap_up' then return refuse('wrong_state') end
local ends = math.min(a.ends + tonumber(ARGV[9]), a.since + CFG.wrap_most)
if ends > a.ends then
  a.ends = ends
  if not a.owes then redis.call('ZADD', P .. 'wrapping', int(ends), a.id) end
  touch('agents', a)
end
return commit({agent = a})
