local KEPT = 2000
local cmd = cjson.decode(ARGV[7])
cmd.at = NOW
redis.call('XADD', P .. 'commands', 'MAXLEN', '~', KEPT, '*', 'c', cjson.encode(cmd))
return commit()
