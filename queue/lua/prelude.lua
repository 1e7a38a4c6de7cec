-- Put before every script of the index. A script reads rows through call_of and agent_of, changes them in place, notes each with touch, and
-- ends with commit (or refuse, before any change). So each row is written once, and each event shows the rows as the script leaves them.
-- Who waits where is in lua/places.lua, who can be asked what in lua/agents.lua, who takes part beside whom in lua/beside.lua, why in
-- lua/explain.lua, who is promised to whom in lua/routing.lua; they follow this file in every script, in this order.
--
-- KEYS[1] {site}:calls, which routes the script to the slot of the site; all other keys are made from the prefix and lie in the same slot.
-- ARGV[1] prefix "{site}:"   ARGV[2] name of the script       ARGV[3] request id, "" when the script is idempotent by nature
-- ARGV[4] now in ms, "0" = the server's clock                 ARGV[5] candidate for the birth mark, new with every call
-- ARGV[6] settings, JSON {ring, wrap, wrap_most, form, miss, settle, patience, window, limit, rest: ms or count; head: {tier: ms}; floors: for the journal;
--         journal: keep one}
-- ARGV[7].. the script's own

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
  add('reason', f.reason and cjson.encode(f.reason))
  add('why', f.why and cjson.encode(f.why))
  add('ending', f.ending and cjson.encode(f.ending))
  out[#out + 1] = '}'
  return table.concat(out)
end

local JOURNAL_KEPT = 50000
local quiet = false -- a script that changed nothing is not worth a line
local apart = {claim = true, order = true} -- leases and wishes: no part of what decides

-- journal notes a change as data, with the time and the choices made here, so that it can be done again elsewhere: n number, v script,
-- t time, a its arguments, e refusal, m offers made [[fence, call, agent]…], s settings when they are others than before.
local function journal(err)
  if not CFG.journal or quiet or apart[ARGV[2]] then return end
  local n = redis.call('INCR', P .. 'journal:n')
  if n == 1 then redis.call('SET', P .. 'journal:born', BORN) end
  local entry = {'n', int(n), 'v', ARGV[2], 't', int(NOW), 'r', ARGV[3], 'a', #ARGV > 6 and cjson.encode({unpack(ARGV, 7)}) or '[]'}
  local function add(name, text)
    entry[#entry + 1] = name
    entry[#entry + 1] = text
  end
  if err then add('e', err) end
  local made = {}
  for _, f in ipairs(facts) do
    if f.type == 'offered' then made[#made + 1] = {f.offer.fence, f.call.id, f.agent.id} end
  end
  if #made > 0 then add('m', cjson.encode(made)) end
  if redis.call('GET', P .. 'journal:settings') ~= ARGV[6] then
    redis.call('SET', P .. 'journal:settings', ARGV[6])
    add('s', ARGV[6])
  end
  redis.call('XADD', P .. 'journal', 'MAXLEN', '~', JOURNAL_KEPT, '*', unpack(entry))
end

local count_crew -- lua/agents.lua says how

-- commit writes the changed rows, tells the events and remembers the reply: {JSON, 0}, and {the same JSON, 1} on a replay.
local function commit(reply)
  local text, list, shown = {}, {}, {}
  for _, row in ipairs(changed) do
    if seen[row] == 'agents' then count_crew(row, gone[row]) end
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
  journal(reply.err)
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
