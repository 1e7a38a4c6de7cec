local t = cjson.decode(ARGV[7])
local c = call_of(t.id)
if not c then return refuse('no_call') end
require_of(c, t)
local a = c.state == 'offered' and agent_of(c.agent)
if a and not a.prior and not able(a, c) then -- it rings for one who cannot help, such as in another language
  local o = offer_of(c.offer)
  if o then end_offer(o, 'withdrawn') end
  unreserve(a)
end
keep_for(c)
if c.state == 'waiting' then match() end
return commit({call = c})
