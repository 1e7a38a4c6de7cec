local a = agent_of(ARGV[8])
if not a or a.state == 'offline' then return refuse('no_agent') end
if a.session ~= ARGV[9] then return refuse('fenced') end
local o = offer_of(ARGV[7])
if not o or o.agent ~= a.id then return refuse('offer_gone') end
end_offer(o, 'declined')
if not rung_in_vain(a, 'declined') then not_ready(a, 'declined') end
match()
return commit()
