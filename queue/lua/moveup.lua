local c = call_of(ARGV[7])
if not c then return refuse('no_call') end
if c.state ~= 'waiting' and c.state ~= 'offered' then return refuse('wrong_state') end
local first, id = first_of(c.tier)
local key = first - 1
for tier, head in pairs(CFG.head) do
  if head > CFG.head[c.tier] then -- never before a more urgent caller who is in front now
    local ahead = redis.call('ZREVRANGEBYSCORE', P .. 'tier:' .. tier, '(' .. int(c.key), '-inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
    if ahead then key = math.max(key, tonumber(ahead) + 1) end
  end
end
if id ~= c.id and key < c.key then
  local state = c.state
  leave(c)
  c.front, c.key = key, key
  redis.call('ZADD', P .. 'tier:' .. c.tier, int(key), c.id)
  if state == 'waiting' then enter(c) end
  touch('calls', c)
  if state == 'waiting' then match() end -- placed anew, the wait for one agent may be over
end
return commit({call = c})
