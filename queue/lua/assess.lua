local c, tier = call_of(ARGV[7]), ARGV[8]
if not c then return refuse('no_call') end
local danger, level, by, at = ARGV[9] == '1' or nil, ARGV[10] ~= '' and ARGV[10] or nil, ARGV[11] ~= '' and ARGV[11] or nil, tonumber(ARGV[12])
if at == 0 then at = nil end
if c.danger ~= danger or c.level ~= level or c.level_by ~= by or c.level_at ~= at then
  c.danger, c.level, c.level_by, c.level_at = danger, level, by, at
  touch('calls', c)
end
change_tier(c, tier)
return commit({call = c})
