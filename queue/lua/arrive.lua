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
keep_for(c)
if end_assists(c.id) > 0 then match() end -- of who was restored, and whose call begins anew
return commit()
