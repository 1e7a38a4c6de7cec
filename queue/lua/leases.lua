return {redis.call('ZRANGE', P .. 'leases', 0, -1, 'WITHSCORES'), redis.call('HGETALL', P .. 'lease:owner'), redis.call('HGETALL', P .. 'lease:epoch')}
