local c, span = call_of(ARGV[7]), tonumber(ARGV[9])
if not c then return refuse('no_call') end
if not converses(c) or c.agent ~= ARGV[8] then return refuse('wrong_state') end
span = math.min(span, CFG.patience)
if c.keep ~= span then
  c.keep = span
  touch('calls', c)
end
return commit({call = c})
