-- Gives a claim back.
--
-- KEYS[1]  the record
-- ARGV[1]  the token
--
-- Returns 1, or 0 if something else stands there.

local header = redis.call('GETRANGE', KEYS[1], 0, 64)
if header == '' then
  return 1
end
if not runs(header, ARGV[1]) then
  return 0
end
redis.call('DEL', KEYS[1])
tell(header)
return 1
