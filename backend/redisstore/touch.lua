-- Writes the first byte of a record once more, so that a WAIT that follows on
-- the same connection covers the whole record.
--
-- KEYS[1]  the record
-- ARGV[1]  the token
--
-- Returns 1, or 0 if the token does not stand in the record.

local record = head()
if not runs(record, ARGV[1]) and not finished(record, ARGV[1]) then
  return 0
end
redis.call('SETRANGE', KEYS[1], 0, record:sub(1, 1))
return 1
