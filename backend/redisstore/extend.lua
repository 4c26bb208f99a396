-- Restarts the lease of a claim. It writes the retention only if it has changed,
-- so that a server that is out of memory still accepts heartbeats.
--
-- KEYS[1]  the record
-- ARGV[1]  the token
-- ARGV[2]  the lease in milliseconds
-- ARGV[3]  the retention in milliseconds, as 8 bytes, big-endian
-- ARGV[4]  the sum of both in milliseconds
--
-- Returns 1, or 0 if the record does not run under the token.

local record = head()
if not is_running(record, ARGV[1]) then
  return 0
end
if lease_left(record) > tonumber(ARGV[2]) then
  publish_end(record)
end
if record:sub(57, 64) ~= ARGV[3] then
  redis.call('SETRANGE', KEYS[1], 56, ARGV[3])
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
