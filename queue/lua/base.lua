local last = redis.call('XREVRANGE', P .. 'journal', '+', '-', 'COUNT', 1)[1]
local function scores(name) return redis.call('ZRANGE', P .. name, 0, -1, 'WITHSCORES') end
return {
  redis.call('GET', P .. 'journal:born') or '', last and last[1] or '0-0', redis.call('GET', P .. 'journal:n') or '0', BORN, int(NOW), ARGV[6],
  redis.call('HVALS', P .. 'calls'), redis.call('HVALS', P .. 'agents'), redis.call('HVALS', P .. 'offers'), redis.call('HGETALL', P .. 'talks'),
  redis.call('HGETALL', P .. 'rests'), scores('relax'), scores('exposed'), scores('orphans'),
  redis.call('GET', P .. 'settling') or '0', redis.call('GET', P .. 'fence') or '0',
}
