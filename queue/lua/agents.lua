-- Exposure -----------------------------------------------------------------------------------------------------------------------------

local REDS_KEPT = 16

-- exposure is how many red calls an agent took within the window, and when that number will fall by itself.
local function exposure(a)
  local n, ends = 0, nil
  for _, at in ipairs(a.reds or {}) do
    if at > NOW - CFG.window then
      n, ends = n + 1, ends or at + CFG.window
    end
  end
  return n, ends
end

-- expose notes that an agent has a red call; once for each call.
local function expose(a, c)
  if CFG.window == 0 or c.tier ~= 'red' or c.exposed == a.id then return end
  c.exposed = a.id
  local reds = {}
  for _, at in ipairs(a.reds or {}) do
    if at > NOW - CFG.window then reds[#reds + 1] = at end
  end
  reds[#reds + 1] = NOW
  if #reds > REDS_KEPT then table.remove(reds, 1) end
  a.reds = reds
  touch('agents', a)
end

-- needs_rest: as many red calls since the last rest as one person may take.
local function needs_rest(a)
  local n = 0
  for _, at in ipairs(a.reds or {}) do
    if at > NOW - CFG.window and at > (a.rested or 0) then n = n + 1 end
  end
  return CFG.limit > 0 and n >= CFG.limit
end

-- States of agents ---------------------------------------------------------------------------------------------------------------------

-- The rank of an idle agent: the group first, then the start of the idleness (ms, below 2^43).
local GROUP = 8796093022208

-- seat puts an available agent into the idle bucket of the skills and the exposure, or among those who are held for a caller.
local function seat(a)
  if a.held and a.held > NOW then
    redis.call('ZADD', P .. 'kept', int(a.held), a.id)
    return
  end
  a.held = nil
  local n, ends = exposure(a)
  a.spot = n > 0 and a.skills .. '#' .. n or a.skills
  bucket_add('idle', a.spot, a.id, (a.group or 0) * GROUP + a.idle)
  if ends then redis.call('ZADD', P .. 'exposed', int(ends), a.id) end
end

local function unseat(a)
  if a.spot then bucket_rem('idle', a.spot, a.id) else redis.call('ZREM', P .. 'kept', a.id) end
  if a.reds then redis.call('ZREM', P .. 'exposed', a.id) end
  a.spot = nil
end

local SERVED_KEPT, SERVED_TTL, SERVED_MOST = 64, 24 * 3600 * 1000, 4 * 3600 * 1000

-- served notes how long an agent was taken by a caller, talk and wrap-up, when the wrap-up ends: what estimates of waits are made of.
local function served(a)
  local took = a.began and math.min(a.ends or NOW, NOW) - a.began or 0
  if took <= 0 or took > SERVED_MOST or not a.line then return end
  local key = P .. 'served:' .. a.line
  redis.call('LPUSH', key, int(took))
  redis.call('LTRIM', key, 0, SERVED_KEPT - 1)
  redis.call('PEXPIRE', key, SERVED_TTL)
end

-- become moves an agent to a state; more holds the fields that the state needs.
local function become(a, state, more)
  if a.state == 'available' then unseat(a) end
  if a.state == 'wrap_up' then
    redis.call('ZREM', P .. 'wrapping', a.id)
    served(a)
  end
  if a.state == 'wrap_up' or a.state == 'talking' and state ~= 'wrap_up' then a.began, a.line = nil, nil end
  redis.call('ZREM', P .. 'orphans', a.id)
  if a.keeps then
    redis.call('ZREM', P .. 'keeping', a.id)
    redis.call('HDEL', P .. 'awaits', a.keeps)
  end
  if a.assist then redis.call('HDEL', P .. 'assists', a.id) end
  a.reason, a.ends, a.call, a.offer, a.assist, a.was, a.keeps, a.prior = nil, nil, nil, nil, nil, nil, nil, nil
  for k, v in pairs(more or {}) do a[k] = v end
  a.state, a.since = state, a.since_given or NOW
  a.since_given = nil
  if state == 'available' then
    a.idle = a.idle or NOW
    seat(a)
  elseif state == 'wrap_up' then
    if not a.late then redis.call('ZADD', P .. 'wrapping', int(a.owes and a.since + CFG.form or a.ends), a.id) end
  elseif state == 'talking' then
    a.misses, a.rung = nil, nil
  end
  if state ~= 'available' and state ~= 'reserved' then a.idle = nil end
  touch('agents', a)
  if state == 'not_ready' or state == 'offline' or state == 'talking' then a.held = nil end
  if not can_free(a) then release(a) end
end

local function not_ready(a, reason)
  a.away, a.misses = nil, nil
  become(a, 'not_ready', {reason = reason})
end

local function wrap_up(a)
  a.late = nil
  become(a, 'wrap_up', {ends = NOW + CFG.wrap})
end

-- keep_agent keeps an agent for the caller of a call that was cut off, until a time: nobody else is offered to them.
local function keep_agent(a, call, till)
  become(a, 'not_ready', {reason = 'kept', keeps = call, ends = till})
  redis.call('ZADD', P .. 'keeping', int(till), a.id)
  redis.call('HSET', P .. 'awaits', call, a.id)
end

-- taken: somebody has the agent, whatever the agent wants.
local function taken(a) return a.state == 'reserved' or a.state == 'talking' or a.assist or a.keeps end

local free

-- unreserve ends a reservation: who was rung although not available is what they were. A wrap-up that is over meanwhile ends: as always, or with the
-- reason why, which is given when the agent did not come to the ring.
local function unreserve(a, why)
  local p = a.prior
  if not p or p.state == 'available' then return become(a, 'available') end
  if p.state == 'wrap_up' and not a.owes and (p.ends or 0) <= NOW then
    if why then return not_ready(a, why) end
    return free(a)
  end
  if p.state == 'wrap_up' then
    a.since_given = p.since
    become(a, 'wrap_up', {ends = p.ends})
  elseif not p.keeps then
    a.since_given = p.since
    become(a, 'not_ready', {reason = p.reason, ends = p.ends})
  elseif (p.ends or 0) > NOW then
    a.since_given = p.since
    keep_agent(a, p.keeps, p.ends)
  else
    wrap_up(a)
  end
end

-- rung_in_vain is for the end of a ring of who leads, for a caller at risk whose agent had vanished: who did something else does it again, and is rung again
-- when a moment is over. false: what becomes of the agent is the same as after any ring.
local function rung_in_vain(a, why)
  local p = a.prior
  if not p or p.keeps then return false end
  a.rung = NOW
  if p.state == 'available' then return false end
  unreserve(a, why)
  return true
end

-- lead notes whether an agent leads the shift and can talk: such a one is rung for a caller at risk whose agent vanished, whatever they do but talk.
local function lead(a, on)
  a.lead = on
  if on then redis.call('HSET', P .. 'leads', a.id, '1') else redis.call('HDEL', P .. 'leads', a.id) end
  touch('agents', a)
end

-- free makes an agent available, or sends one who had too many red calls to a rest first.
free = function(a, idle)
  if needs_rest(a) then
    a.rested, a.rest = NOW, NOW + CFG.rest
    a.away, a.misses = nil, nil
    become(a, 'not_ready', {reason = 'break_after_red', ends = a.rest})
  else
    become(a, 'available', {idle = idle})
  end
end

-- hold keeps an agent who can become free for a caller who was cut off, until a time; a time that is over ends it.
local function hold(a, till)
  if a.state == 'available' then unseat(a) end
  a.held = till > NOW and math.min(till, NOW + CFG.patience) or nil
  if a.state == 'available' then seat(a) end
  touch('agents', a)
end

-- keep_for holds the agent whom somebody prefers who was cut off while at risk, from the greeting on: the same counsellor is found again.
local function keep_for(c)
  if c.tier ~= 'returning' or not c.preferred or (c.state ~= 'greeting' and c.state ~= 'waiting') then return end
  local a = agent_of(c.preferred)
  if a and can_free(a) and (a.group or 0) <= groups_of(c) and (c.prefer or 0) > math.max(NOW, a.held or 0) then hold(a, c.prefer) end
end

-- crew counts the agents who work, by skills and group, so that an estimate need not look at each. Before a row is written its place in the
-- count is put right, whatever changed in it.
count_crew = function(a, left)
  local place = not left and can_free(a) and a.skills .. '@' .. int(a.group or 0) or nil
  if a.crew == place then return end
  if a.crew and redis.call('HINCRBY', P .. 'crew', a.crew, -1) <= 0 then redis.call('HDEL', P .. 'crew', a.crew) end
  if place then redis.call('HINCRBY', P .. 'crew', place, 1) end
  a.crew = place
end

