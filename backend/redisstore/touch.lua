-- Writes the first byte of a record once more, so that a WAIT that follows on
-- the same connection covers the whole record.
--
-- KEYS[1]  the record
-- ARGV[1]  the token
--
-- Returns 1, or 0 if the token does not stand in the record.

local header = redis.call('GETRANGE', KEYS[1], 0, 64)
if not runs(header, ARGV[1]) and not finished(header, ARGV[1]) then
  return 0
end
redis.call('SETRANGE', KEYS[1], 0, header:sub(1, 1))
return 1
