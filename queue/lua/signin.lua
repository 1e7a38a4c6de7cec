local new = cjson.decode(ARGV[7])
local a = agent_of(new.id)
if a then
  if a.state == 'available' and a.skills ~= new.skills then
    bucket_rem('idle', a.skills, a.id)
    bucket_add('idle', new.skills, a.id, a.idle)
  end
  a.skills, a.console, a.session, a.away = new.skills, new.console, new.session, nil
  touch('agents', a)
else
  a = {id = new.id, skills = new.skills, console = new.console, session = new.session, state = 'offline'}
  local talk = redis.call('HGET', P .. 'talks', a.id)
  if talk then
    become(a, 'talking', {call = talk}) -- the call was restored before its agent
  else
    become(a, 'not_ready', {reason = 'signed_in'})
  end
end
match()
return commit({agent = a})
