local owner, life, till = ARGV[7], ARGV[8], NOW + tonumber(ARGV[9])
local fresh = ARGV[11] == '1'
local peers, all = {}, redis.call('HGETALL', P .. 'presence')
for i = 1, #all, 2 do peers[all[i]] = cjson.decode(all[i + 1]) end

local own = peers[owner]
if own and not fresh and (own.life ~= life or own.by) then return {'fenced'} end
own = {owner = owner, life = life, till = till, load = tonumber(ARGV[10])}
redis.call('HSET', P .. 'presence', owner, cjson.encode(own))
peers[owner] = own

local out = {}
for _, p in pairs(peers) do
  local by = p.by and peers[p.by]
  out[#out + 1] = cjson.encode({
    owner = p.owner, life = p.life, load = p.load, over = p.till <= NOW,
    by = by and by.life == p.by_life and by.till > NOW and p.by or nil,
  })
end
return out
