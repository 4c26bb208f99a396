-- Tells how long a finished record is retained. It is a script, and not two
-- reads, so that it runs on the master even where a client reads from replicas,
-- whose expiry lags behind.
--
-- KEYS[1]  the record
-- ARGV[1]  the token
--
-- Returns the milliseconds left, -1 for no end, or -2 if no record stands there
-- that the token has finished.

local record = head()
if not finished(record, ARGV[1]) then
  return -2
end
return redis.call('PTTL', KEYS[1])
