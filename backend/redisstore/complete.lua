-- Finishes a claim.
--
-- KEYS[1]  the record
-- ARGV[1]  the token
-- ARGV[2]  the new state and flags, as 2 bytes
-- ARGV[3]  the retention in milliseconds, as 8 bytes, big-endian
-- ARGV[4]  the same as a number; 0 to keep the record without end
-- ARGV[5]  the payload
--
-- Returns 1, or 0 if the token does not stand in the record.

local header = redis.call('GETRANGE', KEYS[1], 0, 64)
if finished(header, ARGV[1]) then
  return 1
end
if not runs(header, ARGV[1]) then
  return 0
end
local value = header:sub(1, 1) .. ARGV[2] .. header:sub(4, 56) .. ARGV[3] .. ARGV[5]
if ARGV[4] == '0' then
  redis.call('SET', KEYS[1], value)
else
  redis.call('SET', KEYS[1], value, 'PX', ARGV[4])
end
tell(header)
return 1
