local text = redis.call('HGET', P .. 'presence', ARGV[7])
if not text or cjson.decode(text).life ~= ARGV[8] then return 0 end
redis.call('HDEL', P .. 'presence', ARGV[7])
return 1
