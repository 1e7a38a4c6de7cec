local c, a = call_of(ARGV[7]), agent_of(ARGV[8])
if c and not c.filed then
  c.filed = true
  touch('calls', c)
end
if a and a.owes == ARGV[7] then
  a.owes, a.late = nil, nil
  if a.state == 'wrap_up' then redis.call('ZADD', P .. 'wrapping', int(a.ends), a.id) end
  touch('agents', a)
end
return commit()
