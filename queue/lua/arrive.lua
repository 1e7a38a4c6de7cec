local c = cjson.decode(ARGV[7])
local old = call_of(c.id)
if old then
  if old.owner ~= c.owner or old.node ~= c.node then
    old.owner, old.node = c.owner, c.node
    touch('calls', old)
  end
  return commit()
end
bound(c)
c.state, c.since, c.from = 'greeting', NOW, nil
touch('calls', c)
-- Who was cut off while at risk finds the same counsellor: kept already while the caller hears the greeting.
local a = c.tier == 'returning' and c.preferred and agent_of(c.preferred)
if a and can_free(a) and (c.prefer or 0) > math.max(NOW, a.held or 0) then hold(a, c.prefer) end
return commit()
