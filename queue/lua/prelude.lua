-- Put before every script of the index. A script reads rows through call_of and agent_of, changes them in place, notes each with touch, and
-- ends with commit (or refuse, before any change). So each row is written once, and each event shows the rows as the script leaves them.
--
-- KEYS[1] {site}:calls, which routes the script to the slot of the site; all other keys are made from the prefix and lie in the same slot.
-- ARGV[1] prefix "{site}:"   ARGV[2] name of the script       ARGV[3] request id, "" when the script is idempotent by nature
-- ARGV[4] now in ms, "0" = the server's clock                 ARGV[5] candidate for the birth mark, new with every call
-- ARGV[6] settings, JSON {ring, wrap, miss, settle: ms or count; head: {tier: ms}}             ARGV[7].. the script's own

local P, REQKEY = ARGV[1], false
local NOW = tonumber(ARGV[4])
if NOW == 0 then
  local t = redis.call('TIME')
  NOW = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

local function int(n) return string.format('%.0f', n) end

local BORN = redis.call('GET', P .. 'born')
if not BORN then
  BORN = ARGV[5] .. '.' .. int(NOW)
  redis.call('SET', P .. 'born', BORN)
end

if ARGV[3] ~= '' then
  REQKEY = P .. 'req:' .. ARGV[2] .. ':' .. ARGV[3]
  local told = redis.call('GET', REQKEY)
  -- An answer of an earlier life was about rows that are gone.
  if told and string.sub(told, 1, #BORN) == BORN then return {string.sub(told, #BORN + 1), 1} end
end

local CFG = cjson.decode(ARGV[6])
local REQ_TTL, EVENTS_KEPT, OLDEST = 60000, 20000, 48 * 3600 * 1000
local SETTLE_MOST = 3000

-- Rows ---------------------------------------------------------------------------------------------------------------------------------

local rows = {calls = {}, agents = {}} -- by id; false when there is none
local changed, seen, gone = {}, {}, {} -- rows to write, in the order of their first change
local facts = {}                       -- events beside the plain "row changed"
local count = {made = 0, ended = {}}   -- for the metrics of the process that ran the script

local function row_of(kind, id)
  if not id then return nil end
  local row = rows[kind][id]
  if row == nil then
    local text = redis.call('HGET', P .. kind, id)
    row = text and cjson.decode(text) or false
    rows[kind][id] = row
  end
  return row or nil
end

local function call_of(id) return row_of('calls', id) end
local function agent_of(id) return row_of('agents', id) end

local function offer_of(id)
  local text = redis.call('HGET', P .. 'offers', id)
  return text and cjson.decode(text) or nil
end

local function touch(kind, row)
  rows[kind][row.id] = row
  if not seen[row] then
    seen[row] = kind
    changed[#changed + 1] = row
  end
end

local function drop(kind, row, fact)
  touch(kind, row)
  gone[row] = true
  facts[#facts + 1] = fact
end

-- Places of calls ----------------------------------------------------------------------------------------------------------------------

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

local function clamp(n, least, most) return math.max(least, math.min(most, n)) end
local function own_key(c) return c.arrived - CFG.head[c.tier] end
local function order_key(c) return c.front or own_key(c) end

-- wait puts a call into its bucket, at the place that its order key gives.
local function wait(c)
  c.key = c.key or order_key(c)
  c.state, c.since, c.agent, c.offer, c.hold = 'waiting', NOW, nil, nil, nil
  redis.call('ZADD', P .. 'tier:' .. c.tier, int(c.key), c.id)
  bucket_add('waiting', c.need, c.id, c.key)
  touch('calls', c)
end

-- leave takes a call out of the places of the waiting and the offered.
local function leave(c)
  if c.state == 'waiting' then bucket_rem('waiting', c.need, c.id) end
  redis.call('ZREM', P .. 'tier:' .. c.tier, c.id)
  c.key = nil
end

-- forget takes the place of a call whose row is gone, which cannot be, but would stand at the head of its tier for ever.
local function forget(id)
  for tier in pairs(CFG.head) do redis.call('ZREM', P .. 'tier:' .. tier, id) end
end

-- part ends the bond of a talking or held call with its agent and returns the agent's row, if the agent is there.
local function part(c)
  local id = c.agent
  c.agent, c.hold = nil, nil
  if not id or redis.call('HGET', P .. 'talks', id) ~= c.id then return nil end
  redis.call('HDEL', P .. 'talks', id)
  return agent_of(id)
end

-- States of agents ---------------------------------------------------------------------------------------------------------------------

-- become moves an agent to a state and into the index of that state; more holds the fields that the state needs.
local function become(a, state, more)
  if a.state == 'available' then bucket_rem('idle', a.skills, a.id) end
  if a.state == 'wrap_up' then redis.call('ZREM', P .. 'wrapping', a.id) end
  redis.call('ZREM', P .. 'orphans', a.id)
  a.reason, a.ends, a.call, a.offer = nil, nil, nil, nil
  for k, v in pairs(more or {}) do a[k] = v end
  a.state, a.since = state, a.since_given or NOW
  a.since_given = nil
  if state == 'available' then
    a.idle = a.idle or NOW
    bucket_add('idle', a.skills, a.id, a.idle)
  elseif state == 'wrap_up' then
    redis.call('ZADD', P .. 'wrapping', int(a.ends), a.id)
  elseif state == 'talking' then
    a.misses = nil
  end
  if state ~= 'available' and state ~= 'reserved' then a.idle = nil end
  touch('agents', a)
end

local function not_ready(a, reason)
  a.away, a.misses = nil, nil
  become(a, 'not_ready', {reason = reason})
end

local function wrap_up(a) become(a, 'wrap_up', {ends = NOW + CFG.wrap}) end

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
  bucket_rem('waiting', c.need, c.id)
  c.state, c.since, c.agent, c.offer = 'offered', NOW, a.id, o.id
  touch('calls', c)
  become(a, 'reserved', {call = c.id, offer = o.id})
  facts[#facts + 1] = {type = 'offered', offer = o, call = c, agent = a}
  count.made = count.made + 1
end

-- Matching -----------------------------------------------------------------------------------------------------------------------------

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

local function match_one(hopeless)
  local idle = redis.call('ZRANGE', P .. 'idle', 0, -1)
  if #idle == 0 then return false end
  for _, need in ipairs(redis.call('ZRANGE', P .. 'waiting', 0, -1)) do
    if not hopeless[need] then
      for _, skills in ipairs(idle) do
        if fits(skills, need) then
          local c, a = head('waiting', need, 'calls', 'waiting'), head('idle', skills, 'agents', 'available')
          if c and a then make_offer(c, a) end
          return true
        end
      end
      hopeless[need] = true -- offers only take agents away: it stays so until the script ends
    end
  end
  return false
end

-- match promises until no waiting call fits an available agent: the most urgent bucket head first, to the agent idle longest. It looks at
-- heads of buckets only; its cost depends on how many different requirement and skill sets there are, not on how many wait.
local function match()
  if settling() then return end
  local hopeless = {}
  while match_one(hopeless) do end
end

-- End of a script ----------------------------------------------------------------------------------------------------------------------

local function emit(list)
  if #list == 0 then return end
  local n = redis.call('INCRBY', P .. 'seq', #list) - #list
  for i, text in ipairs(list) do
    redis.call('XADD', P .. 'events', 'MAXLEN', '~', EVENTS_KEPT, '*', 'n', int(n + i), 'e', text)
  end
end

local function event_text(f, text)
  local out = {'{"type":"', f.type, '","at":', int(NOW)}
  local function add(name, json)
    if json then out[#out + 1] = ',"' .. name .. '":' .. json end
  end
  add('call', f.call and text[f.call])
  add('agent', f.agent and text[f.agent])
  add('offer', f.offer and cjson.encode(f.offer))
  add('why', f.why and cjson.encode(f.why))
  add('ending', f.ending and cjson.encode(f.ending))
  out[#out + 1] = '}'
  return table.concat(out)
end

-- commit writes the changed rows, tells the events and remembers the reply: {JSON, 0}, and {the same JSON, 1} on a replay.
local function commit(reply)
  local text, list, shown = {}, {}, {}
  for _, row in ipairs(changed) do
    text[row] = cjson.encode(row)
    if gone[row] then
      redis.call('HDEL', P .. seen[row], row.id)
    else
      redis.call('HSET', P .. seen[row], row.id, text[row])
    end
  end
  for _, f in ipairs(facts) do
    if f.type == 'offered' then
      shown[f.call], shown[f.agent] = true, true
    else
      list[#list + 1] = event_text(f, text)
    end
  end
  for _, row in ipairs(changed) do
    if not gone[row] and not shown[row] then
      if seen[row] == 'calls' then
        list[#list + 1] = event_text({type = 'call', call = row}, text)
      else
        list[#list + 1] = event_text({type = 'agent', agent = row}, text)
      end
    end
  end
  for _, f in ipairs(facts) do
    if f.type == 'offered' then list[#list + 1] = event_text(f, text) end
  end
  emit(list)
  reply = reply or {}
  reply.made, reply.ended = count.made, count.ended
  local told = cjson.encode(reply)
  if REQKEY then redis.call('SET', REQKEY, BORN .. told, 'PX', REQ_TTL) end
  return {told, 0}
end

local function refuse(code) return commit({err = code}) end

-- position names the end of the event stream: birth mark, id and number of the last event.
local function position()
  local last = redis.call('XREVRANGE', P .. 'events', '+', '-', 'COUNT', 1)[1]
  return BORN, last and last[1] or '0-0', redis.call('GET', P .. 'seq') or '0'
end
