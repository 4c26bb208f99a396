-- Gives a claim back.
--
-- KEYS[1]  the record
-- ARGV[1]  the token
--
-- Returns 1, or 0 if something else stands there.

local record = head()
if record == '' then
  return 1
end
if not runs(record, ARGV[1]) then
  return 0
end
redis.call('DEL', KEYS[1])
tell(record)
return 1
