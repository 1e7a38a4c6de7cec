local text = redis.call('HGET', P .. 'presence', ARGV[7])
local row = text and cjson.decode(text)
if not row or row.life ~= ARGV[8] or row.till > NOW then return 0 end
if row.by then
  local heir = redis.call('HGET', P .. 'presence', row.by)
  heir = heir and cjson.decode(heir)
  local other = row.by ~= ARGV[9] or row.by_life ~= ARGV[10]
  if other and heir and heir.life == row.by_life and heir.till > NOW then return 0 end
end
row.by, row.by_life = ARGV[9], ARGV[10]
redis.call('HSET', P .. 'presence', ARGV[7], cjson.encode(row))
return 1
