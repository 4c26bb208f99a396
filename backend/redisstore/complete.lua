-- Finishes a claim. The claim must have the same format as the outcome, because
-- an outcome that is bound to a sealed claim cannot be read after another claim.
--
-- KEYS[1]  the record
-- ARGV[1]  the token
-- ARGV[2]  the format, the new state and the flags, as 3 bytes
-- ARGV[3]  the retention in milliseconds, as 8 bytes, big-endian
-- ARGV[4]  the expiry in milliseconds; 0 for none
-- ARGV[5]  the payload
--
-- Returns 1, or 0 if the record neither runs nor was finished under the token.

local record = head()
if is_finished(record, ARGV[1]) then
  return 1
end
if not is_running(record, ARGV[1]) or record:byte(1) ~= ARGV[2]:byte(1) then
  return 0
end
local value = ARGV[2] .. record:sub(4, 56) .. ARGV[3] .. record:sub(65) .. ARGV[5]
if ARGV[4] == '0' then
  redis.call('SET', KEYS[1], value)
else
  redis.call('SET', KEYS[1], value, 'PX', ARGV[4])
end
publish_end(record)
return 1
