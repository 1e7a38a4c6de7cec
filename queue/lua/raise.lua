local c, tier = call_of(ARGV[7]), ARGV[8]
if not c then return refuse('no_call') end
if ARGV[9] == '1' and not c.danger then
  c.danger = true
  touch('calls', c)
end
if c.tier ~= tier then
  local queued, state = c.key, c.state
  local before, up = order_key(c), CFG.head[tier] > CFG.head[c.tier]
  if queued then leave(c) end
  c.tier = tier
  -- Upwards nobody loses a place already won; downwards the place in the old tier is given up.
  if up and c.front and before < own_key(c) then c.front = before else c.front = nil end
  if queued then
    c.key = order_key(c)
    redis.call('ZADD', P .. 'tier:' .. tier, int(c.key), c.id)
    if state == 'waiting' then enter(c) end
  end
  touch('calls', c)
  local a = c.agent and (c.state == 'talking' or c.state == 'held') and agent_of(c.agent)
  if a then expose(a, c) end
  keep_for(c)
  if state == 'waiting' then match() end -- danger does not wait for one person, and a held agent is free for it
end
return commit({call = c})
