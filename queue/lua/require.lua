local t = cjson.decode(ARGV[7])
local c = call_of(t.id)
if not c then return refuse('no_call') end
require_of(c, t)
keep_for(c)
if c.state == 'waiting' then match() end
return commit({call = c})
