local born, id, n = position()
return {born, id, n, int(NOW), redis.call('HVALS', P .. 'calls'), redis.call('HVALS', P .. 'agents'), redis.call('HVALS', P .. 'offers')}
