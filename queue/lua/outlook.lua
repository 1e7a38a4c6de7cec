local PAIRS = 20000 -- at most so many comparisons of a requirement with a skill set: the script must stay short
local c = call_of(ARGV[7])
if not c then return cjson.encode({err = 'no_call'}) end
if c.state ~= 'waiting' and c.state ~= 'greeting' and c.state ~= 'offered' then return cjson.encode({err = 'wrong_state'}) end
local key, groups = c.key or order_key(c), groups_of(c)

-- Who works and could serve this caller, by skills and group.
local crew, agents = {}, 0
local only = c.only and agent_of(c.only)
if only then
  crew, agents = {{skills = only.skills, group = only.group or 0}}, 1
else
  local list = redis.call('HGETALL', P .. 'crew')
  for i = 1, #list, 2 do
    local skills, group = string.match(list[i], '^(.*)@(%d+)$')
    group = tonumber(group)
    if group <= groups and fits(skills, c.need) then
      crew[#crew + 1], agents = {skills = skills, group = group}, agents + tonumber(list[i + 1])
    end
  end
end

-- shares: whether the callers of a bucket could take one of these agents. Undecided after so many comparisons means yes: rather too long a
-- wait announced than too short a one. With nobody at work, everyone in front counts.
local function shares(bucket, most)
  if #crew == 0 then return true end
  local id, need, least = asks(bucket)
  if id then
    if only then return id == only.id end
    local a = agent_of(id)
    return a and able(a, c) or false
  end
  for i, x in ipairs(crew) do
    if i > most or x.group <= least and fits(x.skills, need) then return true end
  end
  return false
end

local ahead, own = 0, c.state == 'waiting' and bucket_of(c)
if c.state ~= 'offered' then
  local front = redis.call('ZRANGEBYSCORE', P .. 'waiting', '-inf', int(key))
  local most = math.max(8, math.floor(PAIRS / math.max(1, #front)))
  for _, bucket in ipairs(front) do
    if bucket == own then
      ahead = ahead + redis.call('ZRANK', P .. 'waiting:' .. bucket, c.id)
    elseif shares(bucket, most) then
      ahead = ahead + redis.call('ZCOUNT', P .. 'waiting:' .. bucket, '-inf', '(' .. int(key))
    end
  end
end

local free = 0
if only then
  free = only.state == 'available' and 1 or 0
else
  for _, bucket in ipairs(redis.call('ZRANGE', P .. 'idle', 0, -1)) do
    if fits(string.match(bucket, '^(.*)#%d+$') or bucket, c.need) then
      free = free + redis.call('ZCOUNT', P .. 'idle:' .. bucket, '-inf', '(' .. int((groups + 1) * GROUP))
    end
  end
end
return cjson.encode({state = c.state, ahead = ahead, agents = agents, free = free, took = table.concat(redis.call('LRANGE', P .. 'served:' .. (c.line or ''), 0, -1), ',')})
