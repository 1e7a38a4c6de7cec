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
local function make_offer(c, a, reason)
  local fence = math.max((tonumber(redis.call('GET', P .. 'fence') or '0')) + 1, NOW)
  redis.call('SET', P .. 'fence', int(fence))
  local o = {id = int(fence) .. '-' .. string.sub(BORN, 1, 8), call = c.id, agent = a.id, made = NOW, expires = NOW + CFG.ring, fence = fence}
  redis.call('HSET', P .. 'offers', o.id, cjson.encode(o))
  redis.call('ZADD', P .. 'ringing', int(o.expires), o.id)
  exit(c)
  c.state, c.since, c.agent, c.offer = 'offered', NOW, a.id, o.id
  touch('calls', c)
  local named = reason.rule == 'again' or reason.rule == 'supervisor'
  local prior = named and {state = a.state, reason = a.reason, since = a.since, ends = a.ends, keeps = a.keeps} or nil
  become(a, 'reserved', {call = c.id, offer = o.id})
  a.prior = prior
  facts[#facts + 1] = {type = 'offered', offer = o, call = c, agent = a, reason = reason}
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
    local skills, reds
    if string.find(list[i], '#', 1, true) then skills, reds = string.match(list[i], '^(.*)#(%d+)$') end
    local rank = tonumber(list[i + 1])
    out[#out + 1] = {
      bucket = list[i], skills = skills or list[i], reds = tonumber(reds or '0'), group = math.floor(rank / GROUP), idle = rank % GROUP,
    }
  end
  return out
end

-- kept_for_red chooses among the agents held for somebody: a hold gives way to danger, when nobody else fits.
local function kept_for_red(c, kept)
  local best, agent
  for _, id in ipairs(kept) do
    local a = agent_of(id)
    if a and a.state == 'available' and not a.spot and able(a, c) then
      local x = {id = id, group = a.group or 0, reds = exposure(a), idle = a.idle, bucket = ''}
      if not best or goes_before(true, x, best) then best, agent = x, a end
    end
  end
  return agent
end

-- agent_for chooses the agent for the caller at the head of a bucket of needs; nil when nobody fits.
local function agent_for(bucket, need, groups, sets, kept)
  local first, best
  for _, s in ipairs(sets) do
    if s.group <= groups and fits(s.skills, need) then -- the head of a set is of its lowest group
      first = first or s
      best = (not best or goes_before(true, s, best)) and s or best
    end
  end
  if not first and #kept == 0 then return nil end
  local c = head('waiting', bucket, 'calls', 'waiting')
  if not c then
    if first then head('idle', first.bucket, 'agents', 'available') end -- drops what does not belong there
    return nil
  end
  local a = c.preferred and agent_of(c.preferred)
  if a and a.state == 'available' and (a.spot or c.tier == 'red') and able(a, c) then return c, a, false, true end
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

-- AHEAD is by how much a caller who is assigned to an agent goes before the others who could have that agent: more than an age can be (48 h, and
-- as much to the front), less than what keeps red and returning apart from the others (see tierGap in queue.go).
local AHEAD = 100 * 3600 * 1000

-- chosen are the callers assigned to somebody who is available, in the order in which they go; from is the place at which each goes. A held
-- agent is for danger and for who was cut off while at risk.
local function chosen()
  local list = {}
  for id, agent in pairs(assigned_to()) do
    local c, a = call_of(id), agent_of(agent)
    if c and a and c.state == 'waiting' and a.state == 'available' and (a.spot or c.tier == 'red' or c.tier == 'returning') then
      list[#list + 1] = {call = c, agent = a, from = c.key - AHEAD}
    end
  end
  table.sort(list, function(x, y) return x.from < y.from or x.from == y.from and x.call.id < y.call.id end)
  return list
end

local function match_one(hopeless)
  local sets, kept = idle_sets(), redis.call('ZRANGE', P .. 'kept', 0, -1)
  if #sets == 0 and #kept == 0 then return false end
  local heads, buckets, first = redis.call('ZRANGE', P .. 'waiting', 0, -1, 'WITHSCORES'), {}, chosen()[1]
  for i = 1, #heads, 2 do buckets[#buckets + 1] = heads[i] end
  local function serve_first()
    make_offer(first.call, first.agent, explain(first.call, first.agent, true, sets, kept, buckets))
    return true
  end
  for i, bucket in ipairs(buckets) do
    if first and first.from <= tonumber(heads[2 * i]) then return serve_first() end
    if not hopeless[bucket] then
      local id, need, groups = asks(bucket)
      local c, a, dropped, alone
      if id then c, a = only_agent(bucket, id) else c, a, dropped, alone = agent_for(bucket, need, groups, sets, kept) end
      if c and a then make_offer(c, a, explain(c, a, id and true or alone, sets, kept, buckets)) end
      if c and (a or dropped) then return true end
      hopeless[bucket] = true -- offers only take agents away: it stays so until the script ends
    end
  end
  return first and serve_first() or false
end

-- by_place orders pairs of a caller and an agent by the caller's place.
local function by_place(x, y) return x.call.key < y.call.key or x.call.key == y.call.key and x.call.id < y.call.id end

local function buckets_now() return redis.call('ZRANGE', P .. 'waiting', 0, -1) end

-- match_again gives callers who were cut off while at risk and are here again to the agents who were kept for them, before anything else: no place is lost by
-- it, because those agents are kept for nobody else.
local function match_again()
  local awaits, list, pairs_of = redis.call('HGETALL', P .. 'awaits'), {}, {}
  if #awaits == 0 then return end
  for i = 1, #awaits, 2 do list[awaits[i]] = awaits[i + 1] end
  local again = redis.call('HGETALL', P .. 'again')
  for i = 1, #again, 2 do
    local c, a = call_of(again[i]), agent_of(list[again[i + 1]])
    if c and c.state == 'waiting' and a and a.keeps == again[i + 1] then pairs_of[#pairs_of + 1] = {call = c, agent = a} end
  end
  table.sort(pairs_of, by_place)
  for _, x in ipairs(pairs_of) do
    if x.agent.keeps then make_offer(x.call, x.agent, explain(x.call, x.agent, 'again', {}, {}, buckets_now())) end
  end
end

-- Who did not come to such a ring is not asked again for RING_PAUSE, so that the others are, and then again: nobody is out of reach for good.
local RING_PAUSE = 30 * 1000
local RANK = {available = 1, not_ready = 2, wrap_up = 3}

-- leads_before: of two who lead, x is rung first: who did not miss a ring lately, or longest ago; who is available, who takes no calls, who is in a wrap-up;
-- who has been so for longest.
local function leads_before(x, y)
  local a, b = x.rung or 0, y.rung or 0
  if a ~= b then return a < b end
  if x.state ~= y.state then return RANK[x.state] < RANK[y.state] end
  if x.since ~= y.since then return x.since < y.since end
  return x.id < y.id
end

-- leader is who leads the shift, can talk, and can be rung now.
local function leader()
  local list, best = redis.call('HGETALL', P .. 'leads'), nil
  for i = 1, #list, 2 do
    local a = agent_of(list[i])
    local can = a and RANK[a.state] and not a.away and not a.assist and not a.keeps and a.reason ~= 'connection_lost' and (a.rung or 0) <= NOW - RING_PAUSE
    if can and (not best or leads_before(a, best)) then best = a end
  end
  return best
end

-- has_somebody: somebody who is available may be offered to a waiting caller as to any.
local function has_somebody(c)
  local a = c.assigned and agent_of(c.assigned)
  if a and a.state == 'available' and (a.spot or c.tier == 'red' or c.tier == 'returning') then return true end
  if c.only then
    a = agent_of(c.only)
    return a and a.state == 'available' and (a.spot or c.tier == 'returning')
  end
  local groups = groups_of(c)
  for _, s in ipairs(idle_sets()) do
    if s.group <= groups and fits(s.skills, c.need) then return true end
  end
  return c.tier == 'red' and kept_for_red(c, redis.call('ZRANGE', P .. 'kept', 0, -1))
end

-- match_lost rings who leads the shift for callers at risk whose agent vanished, and for whom nobody is available: before others are served, so that nobody who is
-- less in danger takes who leads, and after them, for whom somebody else was quicker.
local function match_lost()
  local lost, list = redis.call('HGETALL', P .. 'lost'), {}
  for i = 1, #lost, 2 do
    local c = call_of(lost[i])
    if c and c.state == 'waiting' then list[#list + 1] = {call = c} end
  end
  table.sort(list, by_place)
  for _, x in ipairs(list) do
    local a = not has_somebody(x.call) and leader()
    if a then make_offer(x.call, a, explain(x.call, a, 'supervisor', {}, {}, buckets_now())) end
  end
end

-- match promises until no waiting call fits an available agent: the most urgent bucket head first (in its class of urgency who is assigned to somebody), to the best who fits: the preferred one,
-- else by group, for a red caller by exposure, by idleness. It looks at heads of buckets only; its cost depends on how many different
-- requirement and skill sets there are, and how many agents are held, not on how many wait.
local function match()
  if settling() then return end
  match_again()
  match_lost()
  local hopeless = {}
  while match_one(hopeless) do end
  match_lost()
end

-- change_tier gives a call another urgency, in any state.
local function change_tier(c, tier)
  if c.tier == tier then return end
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
