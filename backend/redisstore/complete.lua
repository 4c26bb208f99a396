-- Finishes a claim. The claim must have the format that the outcome is for: an
-- outcome bound to a sealed claim could not be read behind another one.
--
-- KEYS[1]  the record
-- ARGV[1]  the token
-- ARGV[2]  the format, the new state and flags, as 3 bytes
-- ARGV[3]  the retention in milliseconds, as 8 bytes, big-endian
-- ARGV[4]  the same as a number; 0 to keep the record without end
-- ARGV[5]  the payload
--
-- Returns 1, or 0 if the token does not stand in the record.

local record = head()
if finished(record, ARGV[1]) then
  return 1
end
if not runs(record, ARGV[1]) or record:byte(1) ~= ARGV[2]:byte(1) then
  return 0
end
local value = ARGV[2] .. record:sub(4, 56) .. ARGV[3] .. record:sub(65) .. ARGV[5]
if ARGV[4] == '0' then
  redis.call('SET', KEYS[1], value)
else
  redis.call('SET', KEYS[1], value, 'PX', ARGV[4])
end
tell(record)
return 1
