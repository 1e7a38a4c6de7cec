local c, state, hold = call_of(ARGV[7]), ARGV[8], ARGV[9]
if not c then return refuse('no_call') end
if not c.agent or (c.state ~= 'talking' and c.state ~= 'held') then return refuse('wrong_state') end
if hold == '' or state == 'talking' then hold = nil end
if c.state ~= state or c.hold ~= hold then
  if c.state ~= state then c.since = NOW end
  c.state, c.hold = state, hold
  touch('calls', c)
end
return commit()
