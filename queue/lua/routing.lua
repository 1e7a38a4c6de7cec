-- Skills -------------------------------------------------------------------------------------------------------------------------------

local levels = {} -- parsed skill strings

local function levels_of(text)
  local t = levels[text]
  if not t then
    t = {}
    for name, level in string.gmatch(text, '([^:,]+):(%d+)') do t[name] = tonumber(level) end
    levels[text] = t
  end
  return t
end

local function fits(skills, need)
  local has = levels_of(skills)
  for name, level in pairs(levels_of(need)) do
    if (has[name] or 0) < level then return false end
  end
  return true
end

-- Buckets ------------------------------------------------------------------------------------------------------------------------------

-- reindex keeps the score of a bucket in its index ("waiting" or "idle") equal to the score of the bucket's head, so that the buckets
-- themselves are in order of their heads.
local function reindex(index, bucket)
  local head = redis.call('ZRANGE', P .. index .. ':' .. bucket, 0, 0, 'WITHSCORES')
  if head[1] then
    redis.call('ZADD', P .. index, head[2], bucket)
  else
    redis.call('ZREM', P .. index, bucket)
  end
end

local function bucket_add(index, bucket, id, score)
  redis.call('ZADD', P .. index .. ':' .. bucket, int(score), id)
  reindex(index, bucket)
end

local function bucket_rem(index, bucket, id)
  redis.call('ZREM', P .. index .. ':' .. bucket, id)
  reindex(index, bucket)
end

-- Places of calls ----------------------------------------------------------------------------------------------------------------------

local function clamp(n, least, most) return math.max(least, math.min(most, n)) end
local function own_key(c) return c.arrived - CFG.head[c.tier] end
local function order_key(c) return c.front or own_key(c) end

-- can_free: whether an agent can become available without doing anything.
local function can_free(a)
  local s = a.state
  return (s == 'available' or s == 'reserved' or s == 'talking' or s == 'wrap_up') and not a.away
end

-- whom is the agent whom a caller waits for and takes no other: the preferred one, for a bounded time, while there is hope. Danger does
-- not wait for a person.
local function whom(c)
  if not c.preferred or c.tier == 'red' or (c.prefer or 0) <= NOW then return nil end
  local a = agent_of(c.preferred)
  if a and can_free(a) and fits(a.skills, c.need) then return a.id end
  return nil
end

-- A need never holds a space, so no need is called as the bucket of those who wait for one agent.
local function bucket_of(c) return c.only and 'for ' .. c.only or c.need end

-- enter puts a waiting call into the bucket where it belongs now, and notes when that will change by itself.
local function enter(c)
  local due
  for _, step in ipairs(c.relax or {}) do
    if c.from + step.after <= NOW then
      c.need = step.need
    else
      due = c.from + step.after
      break
    end
  end
  c.only = whom(c)
  if c.only then due = math.min(due or c.prefer, c.prefer) end
  if due then redis.call('ZADD', P .. 'relax', int(due), c.id) end
  bucket_add('waiting', bucket_of(c), c.id, c.key)
end

local function exit(c)
  bucket_rem('waiting', bucket_of(c), c.id)
  if c.relax or c.only then redis.call('ZREM', P .. 'relax', c.id) end
  c.only = nil
end

-- wait gives a call its place, by its order key.
local function wait(c)
  c.key = c.key or order_key(c)
  c.state, c.since, c.agent, c.offer, c.hold = 'waiting', NOW, nil, nil, nil
  redis.call('ZADD', P .. 'tier:' .. c.tier, int(c.key), c.id)
  enter(c)
  touch('calls', c)
end

-- leave takes a call out of the places of the waiting and the offered.
local function leave(c)
  if c.state == 'waiting' then exit(c) end
  redis.call('ZREM', P .. 'tier:' .. c.tier, c.id)
  c.key = nil
end

-- forget takes the place of a call whose row is gone, which cannot be, but would stand at the head of its tier for ever.
local function forget(id)
  for tier in pairs(CFG.head) do redis.call('ZREM', P .. 'tier:' .. tier, id) end
end

-- release lets those who wait for one agent be placed anew: that agent cannot become free, or has other skills.
local function release(a)
  for _, id in ipairs(redis.call('ZRANGE', P .. 'waiting:for ' .. a.id, 0, -1)) do
    local c = call_of(id)
    if c and c.state == 'waiting' then
      exit(c)
      enter(c)
      touch('calls', c)
    end
  end
end

-- part ends the bond of a talking or held call with its agent and returns the agent's row, if the agent is there.
local function part(c)
  local id = c.agent
  c.agent, c.hold = nil, nil
  if not id or redis.call('HGET', P .. 'talks', id) ~= c.id then return nil end
  redis.call('HDEL', P .. 'talks', id)
  return agent_of(id)
end

-- bound brings the times of a call that came from outside into what the queue allows.
local function bound(c)
  c.arrived = clamp(c.arrived or NOW, NOW - OLDEST, NOW)
  if c.from then c.from = clamp(c.from, c.arrived, NOW) end
  if c.prefer then c.prefer = math.min(c.prefer, NOW + CFG.patience) end
  c.only = nil
end

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

-- become moves an agent to a state; more holds the fields that the state needs.
local function become(a, state, more)
  if a.state == 'available' then unseat(a) end
  if a.state == 'wrap_up' then redis.call('ZREM', P .. 'wrapping', a.id) end
  redis.call('ZREM', P .. 'orphans', a.id)
  a.reason, a.ends, a.call, a.offer = nil, nil, nil, nil
  for k, v in pairs(more or {}) do a[k] = v end
  a.state, a.since = state, a.since_given or NOW
  a.since_given = nil
  if state == 'available' then
    a.idle = a.idle or NOW
    seat(a)
  elseif state == 'wrap_up' then
    redis.call('ZADD', P .. 'wrapping', int(a.ends), a.id)
  elseif state == 'talking' then
    a.misses = nil
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

local function wrap_up(a) become(a, 'wrap_up', {ends = NOW + CFG.wrap}) end

-- free makes an agent available, or sends one who had too many red calls to a rest first.
local function free(a, idle)
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

-- Offers -------------------------------------------------------------------------------------------------------------------------------

-- end_offer ends a promise. What becomes of the agent is the script's affair; the call goes back to its place unless it leaves.
local function end_offer(o, why, leaves)
  redis.call('HDEL', P .. 'offers', o.id)
  redis.call('ZREM', P .. 'ringing', o.id)
  facts[#facts + 1] = {type = 'offer_ended', offer = o, why = why}
  count.ended[why] = (count.ended[why] or 0) + 1
  local c = call_of(o.call)
  if not c then
    forget(o.call)
  elseif c.offer == o.id and not leaves then
    wait(c)
  end
end

-- make_offer promises a call to an agent. The fence is never below the clock, so it grows even after Redis was lost.
local function make_offer(c, a)
  local fence = math.max((tonumber(redis.call('GET', P .. 'fence') or '0')) + 1, NOW)
  redis.call('SET', P .. 'fence', int(fence))
  local o = {id = int(fence) .. '-' .. string.sub(BORN, 1, 8), call = c.id, agent = a.id, made = NOW, expires = NOW + CFG.ring, fence = fence}
  redis.call('HSET', P .. 'offers', o.id, cjson.encode(o))
  redis.call('ZADD', P .. 'ringing', int(o.expires), o.id)
  exit(c)
  c.state, c.since, c.agent, c.offer = 'offered', NOW, a.id, o.id
  touch('calls', c)
  become(a, 'reserved', {call = c.id, offer = o.id})
  facts[#facts + 1] = {type = 'offered', offer = o, call = c, agent = a}
  count.made = count.made + 1
end

-- Matching -----------------------------------------------------------------------------------------------------------------------------

-- head is the row at the head of a bucket. A member without a fitting row cannot be, but would block everyone behind it, so it is dropped,
-- as is a bucket without members: each turn of match makes an offer or drops something, so it ends.
local function head(index, bucket, kind, state)
  while true do
    local id = redis.call('ZRANGE', P .. index .. ':' .. bucket, 0, 0)[1]
    if not id then
      redis.call('ZREM', P .. index, bucket)
      return nil
    end
    local row = row_of(kind, id)
    if row and row.state == state then return row end
    bucket_rem(index, bucket, id)
  end
end

-- settling: the index is newly born and callers and agents are coming back after a loss. Promising before all are here would serve them in the order of their return.
local function settling()
  local till = redis.call('GET', P .. 'settling')
  if not till then return false end
  if NOW < tonumber(till) then return true end
  redis.call('DEL', P .. 'settling')
  return false
end

local function settle()
  local born = tonumber(string.match(BORN, '%.(%d+)$') or '0')
  local till = math.min(NOW + CFG.settle, born + SETTLE_MOST)
  if till > NOW then redis.call('SET', P .. 'settling', int(till)) end
end

-- idle_sets is one entry for each idle bucket, in the order of ranks.
local function idle_sets()
  local list, out = redis.call('ZRANGE', P .. 'idle', 0, -1, 'WITHSCORES'), {}
  for i = 1, #list, 2 do
    local skills, reds = string.match(list[i], '^(.*)#(%d+)$')
    local rank = tonumber(list[i + 1])
    out[#out + 1] = {
      bucket = list[i], skills = skills or list[i], reds = tonumber(reds or '0'), group = math.floor(rank / GROUP), idle = rank % GROUP,
    }
  end
  return out
end

-- rests_more: for a red caller x goes before y: group, then fewer red calls lately, then the longer idleness.
local function rests_more(x, y)
  if x.group ~= y.group then return x.group < y.group end
  if x.reds ~= y.reds then return x.reds < y.reds end
  return x.idle < y.idle
end

-- kept_for_red chooses among the agents held for somebody: a hold gives way to danger, when nobody else fits.
local function kept_for_red(c, kept)
  local best, agent
  for _, id in ipairs(kept) do
    local a = agent_of(id)
    if a and a.state == 'available' and not a.spot and fits(a.skills, c.need) then
      local x = {group = a.group or 0, reds = exposure(a), idle = a.idle}
      if not best or rests_more(x, best) then best, agent = x, a end
    end
  end
  return agent
end

-- agent_for chooses the agent for the caller at the head of a bucket of needs; nil when nobody fits.
local function agent_for(need, sets, kept)
  local first, best
  for _, s in ipairs(sets) do
    if fits(s.skills, need) then
      first = first or s
      best = (not best or rests_more(s, best)) and s or best
    end
  end
  if not first and #kept == 0 then return nil end
  local c = head('waiting', need, 'calls', 'waiting')
  if not c then
    if first then head('idle', first.bucket, 'agents', 'available') end -- drops what does not belong there
    return nil
  end
  local a = c.preferred and agent_of(c.preferred)
  if a and a.state == 'available' and (a.spot or c.tier == 'red') and fits(a.skills, need) then return c, a end
  local s = c.tier == 'red' and best or first
  if s then return c, head('idle', s.bucket, 'agents', 'available'), true end
  if c.tier == 'red' then return c, kept_for_red(c, kept) end
end

-- only_agent gives the caller at the head of those who wait for one agent that agent, if available. A held agent is for the tier of those
-- who were cut off while at risk.
local function only_agent(bucket, id)
  local a = agent_of(id)
  if not a or a.state ~= 'available' then return nil end
  local c = head('waiting', bucket, 'calls', 'waiting')
  if c and (a.spot or c.tier == 'returning') then return c, a end
end

local function match_one(hopeless)
  local sets, kept = idle_sets(), redis.call('ZRANGE', P .. 'kept', 0, -1)
  if #sets == 0 and #kept == 0 then return false end
  for _, bucket in ipairs(redis.call('ZRANGE', P .. 'waiting', 0, -1)) do
    if not hopeless[bucket] then
      local id, c, a, dropped = string.match(bucket, '^for (.+)$'), nil, nil, nil
      if id then c, a = only_agent(bucket, id) else c, a, dropped = agent_for(bucket, sets, kept) end
      if c and a then make_offer(c, a) end
      if c and (a or dropped) then return true end
      hopeless[bucket] = true -- offers only take agents away: it stays so until the script ends
    end
  end
  return false
end

-- match promises until no waiting call fits an available agent: the most urgent bucket head first, to the best who fits: the preferred one,
-- else by group, for a red caller by exposure, by idleness. It looks at heads of buckets only; its cost depends on how many different
-- requirement and skill sets there are, and how many agents are held, not on how many wait.
local function match()
  if settling() then return end
  local hopeless = {}
  while match_one(hopeless) do end
end
