local c = call_of(ARGV[7])
if not c then return refuse('no_call') end
if ARGV[9] == '1' and not c.danger then
  c.danger = true
  touch('calls', c)
end
change_tier(c, ARGV[8])
return commit({call = c})
