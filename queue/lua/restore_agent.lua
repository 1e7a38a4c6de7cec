local new = cjson.decode(ARGV[7])
local old = agent_of(new.id)
if old and (old.state ~= 'offline' or new.state == 'offline') then return commit() end
settle()
local a = {id = new.id, skills = new.skills, console = new.console, session = new.session, state = 'offline', since_given = new.since,
  group = new.group, reds = new.reds, rested = new.rested, rest = new.rest, sos = new.sos or old and old.sos, owes = new.owes, late = new.late}
if new.lead and new.state ~= 'offline' then lead(a, true) end
local talk = redis.call('HGET', P .. 'talks', a.id)
local call = new.call and call_of(new.call)
if talk then
  become(a, 'talking', {call = talk})
elseif new.state == 'talking' and new.call and not call then
  become(a, 'talking', {call = new.call})
  redis.call('ZADD', P .. 'orphans', int(NOW + ORPHAN_SPAN), a.id)
elseif new.state == 'talking' then
  become(a, 'not_ready', {reason = 'connection_lost'}) -- the caller is here and is not with this agent
elseif new.state == 'offline' then
  a.session, a.console, a.since, a.since_given, a.owes, a.late = '', nil, new.since or NOW, nil, nil, nil
  touch('agents', a) -- stays only because of the call for help
elseif new.assist then
  local beside = call_of(new.assist)
  take_part(a, new.assist, new.was)
  if not beside then
    redis.call('ZADD', P .. 'orphans', int(NOW + ORPHAN_SPAN), a.id)
  elseif not converses(beside) then
    end_assist(a)
  end
elseif new.keeps and (new.ends or 0) > NOW then
  keep_agent(a, new.keeps, new.ends)
elseif new.keeps then
  wrap_up(a)
elseif new.state == 'wrap_up' then
  become(a, 'wrap_up', {ends = new.ends or NOW + CFG.wrap})
elseif new.state == 'reserved' and new.prior then
  a.prior, a.since_given = new.prior, nil
  unreserve(a)
elseif (new.state == 'available' or new.state == 'reserved') and new.owes then
  wrap_up(a)
elseif new.state == 'available' or new.state == 'reserved' then
  become(a, 'available', {idle = math.min(new.since or NOW, NOW)})
else
  become(a, 'not_ready', {reason = new.reason or 'signed_in'})
end
if new.held and new.held > NOW and can_free(a) and a.state ~= 'talking' then hold(a, new.held) end
match()
return commit()
