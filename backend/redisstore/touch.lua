-- Writes the first byte of a record again, so that a following WAIT on the same
-- connection covers the whole record.
--
-- KEYS[1]  the record
-- ARGV[1]  the token
--
-- Returns 1, or 0 if the record has another token or is absent.

local record = head()
if not is_running(record, ARGV[1]) and not is_finished(record, ARGV[1]) then
  return 0
end
redis.call('SETRANGE', KEYS[1], 0, record:sub(1, 1))
return 1
