-- Why this caller and this agent: told with each offer, made of what the choice looked at anyway. SHOWN agents and OTHERS callers bound its cost.

local SHOWN, OTHERS = 10, 5

-- goes_before: of two agents who fit a caller, x comes first: by group, for a red caller by fewer red calls lately, by idleness.
local function goes_before(red, x, y)
  if x.group ~= y.group then return x.group < y.group end
  if red and x.reds ~= y.reds then return x.reds < y.reds end
  if x.idle ~= y.idle then return x.idle < y.idle end
  if x.bucket ~= y.bucket then return x.bucket < y.bucket end
  return x.id < y.id
end

-- best_sets are the SHOWN idle buckets with the best heads, and how many more fit. For who is not red the sets come in order already.
local function best_sets(c, sets)
  local red, groups, best, more = c.tier == 'red', groups_of(c), {}, 0
  for _, s in ipairs(sets) do
    if s.group <= groups and fits(s.skills, c.need) then
      local at = #best + 1
      if red then
        while at > 1 and goes_before(true, s, best[at - 1]) do at = at - 1 end
      end
      if at <= SHOWN then table.insert(best, at, s) end
      if at > SHOWN or #best > SHOWN then
        best[SHOWN + 1], more = nil, more + 1
      end
    end
  end
  return best, more
end

-- idle_candidates are the best SHOWN of those who fit and whom nobody holds, and how many fit at least. Of the n-th best bucket at most
-- SHOWN - n + 1 can be among them.
local function idle_candidates(c, sets)
  local best, count = best_sets(c, sets)
  local list, groups = {}, groups_of(c)
  for i, s in ipairs(best) do
    local key, most = P .. 'idle:' .. s.bucket, SHOWN - i + 1
    local got = redis.call('ZRANGE', key, 0, most - 1, 'WITHSCORES')
    local n = #got / 2
    if n == most then n = redis.call('ZCOUNT', key, '-inf', '(' .. int((groups + 1) * GROUP)) end
    for j = 1, #got, 2 do
      local rank = tonumber(got[j + 1])
      local group = math.floor(rank / GROUP)
      if group <= groups then
        list[#list + 1] = {id = got[j], group = group, reds = s.reds, idle = rank % GROUP, skills = s.skills, bucket = s.bucket}
      elseif n == #got / 2 then
        n = j / 2 - 0.5
        break
      end
    end
    count = count + n
  end
  return list, count
end

local function candidate(a)
  return {id = a.id, group = a.group or 0, reds = exposure(a), idle = a.idle, skills = a.skills, held = a.held, bucket = a.spot or ''}
end

-- tier_of reads the tier of a call, without decoding all of a row that nobody asked for. What this script changed is not written yet.
local function tier_of(id)
  if rows.calls[id] then return rows.calls[id].tier end
  local row = redis.call('HGET', P .. 'calls', id) or ''
  local _, at = string.find(row, '"tier":"', 1, true)
  return at and string.sub(row, at + 1, string.find(row, '"', at + 1, true) - 1)
end

-- rivals are the callers at the heads of the buckets, in the order in which they would be served, and behind c the next of its bucket.
local function rivals(c, a, buckets, named)
  local list, own, to = {}, bucket_of(c), assigned_to(a.id)
  for _, bucket in ipairs(buckets) do
    if #list == OTHERS then break end
    local got = redis.call('ZRANGE', P .. 'waiting:' .. bucket, 0, bucket == own and 1 or 0, 'WITHSCORES')
    if got[1] == c.id then got = {got[3], got[4]} end
    local tier = got[1] and tier_of(got[1])
    if tier then
      local only, need, groups = asks(bucket)
      local could = nil
      if named then
        could = nil -- nobody else could have had somebody who is not available
      elseif to[got[1]] then
        could = (a.spot or tier == 'red' or tier == 'returning') and true or nil
      elseif only then
        could = only == a.id and (a.spot or tier == 'returning') and true or nil
      else
        could = (a.group or 0) <= groups and fits(a.skills, need) and (a.spot or tier == 'red') and true or nil
      end
      list[#list + 1] = {id = got[1], key = tonumber(got[2]), tier = tier, need = need, groups = groups, only = only, fits = could}
    end
  end
  return list
end

-- explain is the reason of an offer that is about to be made. alone: the caller was for that agent, before any comparison; kept: those who
-- are held for somebody, when the agent is one of them. 'again' and 'supervisor' are rules by themselves.
local function explain(c, a, alone, sets, kept, buckets)
  local list, count = {}, 1
  local named = (alone == 'again' or alone == 'supervisor') and alone
  if named or c.only or c.assigned == a.id then
    list[1] = candidate(a)
  elseif not a.spot and not alone then
    for _, id in ipairs(kept) do
      local x = agent_of(id)
      if x and x.state == 'available' and not x.spot and able(x, c) then list[#list + 1] = candidate(x) end
    end
    count = #list
  else
    list, count = idle_candidates(c, sets)
    if not a.spot then count = count + 1 end
  end
  local red = c.tier == 'red'
  table.sort(list, function(x, y) return goes_before(red, x, y) end)
  while #list > SHOWN do list[#list] = nil end
  local found = false
  for _, x in ipairs(list) do
    x.bucket = nil
    found = found or x.id == a.id
  end
  if not found then
    table.insert(list, 1, candidate(a))
    list[1].bucket, list[SHOWN + 1] = nil, nil
  end
  local x, y, rule = list[1], list[2], 'longest_idle'
  if named then
    rule = named
  elseif c.assigned == a.id then
    rule = 'assigned'
  elseif alone then
    rule = c.tier == 'returning' and 'returning' or 'preferred'
  elseif not y then
    rule = 'only'
  elseif x.group ~= y.group then
    rule = 'group'
  elseif red and x.reds ~= y.reds then
    rule = 'exposure'
  end
  local waiting = -1 - redis.call('HLEN', P .. 'offers')
  for tier in pairs(CFG.head) do waiting = waiting + redis.call('ZCARD', P .. 'tier:' .. tier) end
  local others = rivals(c, a, buckets, named)
  return {
    rule = rule, tier = c.tier, key = c.key, need = c.need, groups = groups_of(c), agents = list, fitting = count,
    others = #others > 0 and others or nil, waiting = math.max(waiting, #others),
  }
end

