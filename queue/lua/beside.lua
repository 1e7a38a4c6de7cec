-- Taking part beside an agent ----------------------------------------------------------------------------------------------------------

local ORPHAN_SPAN = 10000 -- how long a restored row waits for the row that it belongs to

local function converses(c) return c.state == 'talking' or c.state == 'held' end

-- take_part moves an agent beside the agent of a call; was is what they become again.
local function take_part(a, call, was)
  become(a, 'not_ready', {reason = 'assisting', assist = call, was = was})
  redis.call('HSET', P .. 'assists', a.id, call)
end

-- end_assist makes an assisting agent what they were. Whose browser vanished meanwhile is not available.
local function end_assist(a)
  local was = a.was or {state = 'not_ready', reason = 'signed_in'}
  if a.away then return not_ready(a, 'connection_lost') end
  if was.state == 'available' or was.state == 'wrap_up' and (was.ends or 0) <= NOW and not a.owes then return free(a) end
  a.since_given = was.since
  become(a, was.state, {reason = was.state == 'not_ready' and (was.reason or 'signed_in') or nil, ends = was.ends})
end

-- assistants are the agents beside a call, in the order of their ids. There are few in a whole site.
local function assistants(call)
  local list, out = redis.call('HGETALL', P .. 'assists'), {}
  for i = 1, #list, 2 do
    local a = list[i + 1] == call and agent_of(list[i])
    if a then out[#out + 1] = a end
  end
  table.sort(out, function(x, y) return x.id < y.id end)
  return out
end

-- end_assists ends those of a call and returns how many there were.
local function end_assists(call)
  local list = assistants(call)
  for _, a in ipairs(list) do end_assist(a) end
  return #list
end

-- present: an agent to whom somebody else may give something. Whose browser is away could neither hear nor see it.
local function present(a) return a and a.state ~= 'offline' and not a.away and a.reason ~= 'connection_lost' end

-- unassign takes back what was assigned to an agent who leaves; the callers keep their places.
local function unassign(agent)
  for id in pairs(assigned_to(agent)) do
    local c = call_of(id)
    if c then
      assign(c, nil)
      touch('calls', c)
    else
      redis.call('HDEL', P .. 'assigned', id)
    end
  end
end
