-- Returns how long a finished record is still retained. Two plain reads could be
-- sent to a replica if the client reads from replicas, and the expiry on a
-- replica can be late. A script always runs on the master.
--
-- KEYS[1]  the record
-- ARGV[1]  the token
--
-- Returns the milliseconds left, -1 if the retention never ends, or -2 if no
-- record was finished under the token.

local record = head()
if not is_finished(record, ARGV[1]) then
  return -2
end
return redis.call('PTTL', KEYS[1])
