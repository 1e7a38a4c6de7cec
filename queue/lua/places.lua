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

-- Groups: the highest group of agents who may be offered. EVERY group is the same as no bound.
local EVERY = 99
local function groups_of(c) return c.groups or EVERY end

-- able: whether an agent has what a caller needs, and is of a group that the caller may have.
local function able(a, c) return (a.group or 0) <= groups_of(c) and fits(a.skills, c.need) end

-- whom is the agent whom a caller waits for and takes no other, and until when: the one to whom a person assigned the caller, whatever the
-- skills, else the preferred one, for a bounded time, while there is hope. Danger does not wait for a person.
local function whom(c)
  if c.tier == 'red' then return nil end
  local a = (c.assign or 0) > NOW and agent_of(c.assigned)
  if a and can_free(a) then return a.id, c.assign end
  a = (c.prefer or 0) > NOW and agent_of(c.preferred)
  if a and can_free(a) and able(a, c) then return a.id, c.prefer end
  return nil
end

-- The bucket of a need carries the bound of the groups, if there is one. A need never holds a space, so none is called as the bucket of
-- those who wait for one agent, and ends in ":<level>" or is "-", so the bound cannot be taken for a part of it.
local function bucket_of(c)
  if c.only then return 'for ' .. c.only end
  local groups = groups_of(c)
  return groups >= EVERY and c.need or c.need .. '@' .. int(groups)
end

-- asks reads the name of a bucket: the agent whom its callers wait for, or the need and the highest group. Patterns are slow, and few
-- buckets need them.
local function asks(bucket)
  if string.sub(bucket, 1, 4) == 'for ' then return string.sub(bucket, 5) end
  if not string.find(bucket, '@', 1, true) then return nil, bucket, EVERY end
  local need, groups = string.match(bucket, '^(.*)@(%d+)$')
  return nil, need or bucket, tonumber(groups or EVERY)
end

-- relax gives a call in the queue the need that is left of it by now, and returns when the next step is due.
local function relax(c)
  for _, step in ipairs(c.relax or {}) do
    if c.from + step.after > NOW then return c.from + step.after end
    c.need = step.need
  end
end

-- enter puts a waiting call into the bucket where it belongs now, and notes when that will change by itself.
local function enter(c)
  local due, till = relax(c), nil
  c.only, till = whom(c)
  if till then due = math.min(due or till, till) end
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
  c.state, c.since, c.agent, c.offer, c.hold, c.keep = 'waiting', NOW, nil, nil, nil, nil
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

-- found: somebody has the caller whose agent had vanished.
local function found(c)
  if not c.lost then return end
  c.lost, c.lost_by = nil, nil
  redis.call('HDEL', P .. 'lost', c.id)
end

-- again_of notes of which call, cut off, a call is the next one; none: nil.
local function again_of(c, cut)
  if c.again then redis.call('HDEL', P .. 'again', c.id) end
  c.again = cut
  if cut then redis.call('HSET', P .. 'again', c.id, cut) end
end

-- require_of gives a call other terms. It keeps the place, and the steps of relaxation count from the beginning of the wait as before.
local function require_of(c, t)
  local waiting = c.state == 'waiting'
  if waiting then exit(c) end
  c.need, c.asked, c.relax, c.groups, c.history = t.need, t.asked, t.relax, t.groups, t.history
  c.preferred, c.prefer = t.preferred, t.prefer and math.min(t.prefer, NOW + CFG.patience)
  again_of(c, t.again)
  touch('calls', c)
  if waiting then enter(c) end
  if c.state == 'offered' then relax(c) end
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

-- first_of is the smallest order key of a tier, of who waits or is offered, and whose it is.
local function first_of(tier)
  local head = redis.call('ZRANGE', P .. 'tier:' .. tier, 0, 0, 'WITHSCORES')
  return tonumber(head[2]) or math.huge, head[1]
end

-- assign notes to whom a person assigned a call; nobody: nil.
local function assign(c, id)
  if id then
    c.assigned, c.assign = id, NOW + CFG.patience
    redis.call('HSET', P .. 'assigned', c.id, id)
  elseif c.assigned then
    c.assigned, c.assign = nil, nil
    redis.call('HDEL', P .. 'assigned', c.id)
  end
end

-- assigned_to are the calls assigned to an agent, or all, as {call = agent}. There are few: each is a person's decision.
local function assigned_to(id)
  local list, out = redis.call('HGETALL', P .. 'assigned'), {}
  for i = 1, #list, 2 do
    if not id or list[i + 1] == id then out[list[i]] = list[i + 1] end
  end
  return out
end

-- to_head gives a call the head of its tier.
local function to_head(c) c.front = math.min(order_key(c), (first_of(c.tier))) - 1 end

-- part ends the bond of a talking or held call with its agent and returns the agent's row, if the agent is there.
local function part(c)
  local id = c.agent
  c.agent, c.hold = nil, nil
  if not id or redis.call('HGET', P .. 'talks', id) ~= c.id then return nil end
  redis.call('HDEL', P .. 'talks', id)
  local a = agent_of(id)
  return a and a.state ~= 'offline' and a or nil
end

-- bound brings the times of a call that came from outside into what the queue allows.
local function bound(c)
  c.arrived = clamp(c.arrived or NOW, NOW - OLDEST, NOW)
  if c.from then c.from = clamp(c.from, c.arrived, NOW) end
  if c.prefer then c.prefer = math.min(c.prefer, NOW + CFG.patience) end
  if c.assigned then c.assign = math.min(c.assign or NOW + CFG.patience, NOW + CFG.patience) end
  c.only, c.lost, c.lost_by, c.keep = nil, nil, nil, nil
  if c.again then redis.call('HSET', P .. 'again', c.id, c.again) end
end

