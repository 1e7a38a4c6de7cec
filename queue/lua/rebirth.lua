local id, n = ARGV[8], tonumber(ARGV[9])
if BORN ~= ARGV[7] then return 0 end -- lost altogether, or another reader was first
local function parts(text)
  local at, seq = string.match(text, '^(%d+)%-(%d+)$')
  return tonumber(at), tonumber(seq)
end
local function replaced()
  if #redis.call('XRANGE', P .. 'events', id, id) > 0 then return false end
  local first = redis.call('XRANGE', P .. 'events', '-', '+', 'COUNT', 1)[1]
  if not first then return false end
  local at, seq = parts(first[1])
  local myAt, mySeq = parts(id)
  return at < myAt or (at == myAt and seq < mySeq) -- else it was trimmed, which is no regress
end
if tonumber(redis.call('GET', P .. 'seq') or '0') >= n and not replaced() then return 0 end

for _, index in ipairs({'waiting', 'idle'}) do
  for _, bucket in ipairs(redis.call('ZRANGE', P .. index, 0, -1)) do redis.call('DEL', P .. index .. ':' .. bucket) end
  redis.call('DEL', P .. index)
end
for tier in pairs(CFG.head) do redis.call('DEL', P .. 'tier:' .. tier) end
for _, name in ipairs({'calls', 'agents', 'offers', 'talks', 'ringing', 'wrapping', 'orphans', 'relax', 'kept', 'exposed', 'settling', 'crew', 'assists', 'assigned', 'again', 'awaits', 'keeping', 'lost', 'leads', 'leases', 'lease:owner', 'lease:epoch'}) do
  redis.call('DEL', P .. name)
end
BORN = ARGV[5] .. '.' .. int(NOW)
redis.call('SET', P .. 'born', BORN)
journal()
return 1
