local new = cjson.decode(ARGV[7])
local a = agent_of(new.id)
if a and a.state ~= 'offline' then
  local other = a.skills ~= new.skills or a.group ~= new.group
  if other and a.state == 'available' then unseat(a) end
  a.group = new.group
  a.skills, a.console, a.session, a.away, a.rung = new.skills, new.console, new.session, nil, nil
  if other and a.state == 'available' then seat(a) end
  touch('agents', a)
  if other then release(a) end
else
  a = {id = new.id, skills = new.skills, console = new.console, session = new.session, state = 'offline', group = new.group, sos = a and a.sos}
  local told = redis.call('HGET', P .. 'rests', a.id)
  if told then
    local r = cjson.decode(told)
    a.reds, a.rested, a.rest = r.reds, r.rested, r.rest
    redis.call('HDEL', P .. 'rests', a.id)
  end
  local talk = redis.call('HGET', P .. 'talks', a.id)
  if talk then
    become(a, 'talking', {call = talk}) -- the call was restored before its agent
  else
    become(a, 'not_ready', {reason = 'signed_in'})
  end
end
match()
return commit({agent = a})
