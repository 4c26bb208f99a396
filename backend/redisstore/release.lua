-- Removes a running record.
--
-- KEYS[1]  the record
-- ARGV[1]  the token
--
-- Returns 1 if the record was removed or is absent, or 0 if it does not run
-- under the token.

local record = head()
if record == '' then
  return 1
end
if not is_running(record, ARGV[1]) then
  return 0
end
redis.call('DEL', KEYS[1])
publish_end(record)
return 1
