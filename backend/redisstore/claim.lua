-- Claims an absent record, or takes over a lapsed one.
--
-- KEYS[1]  the record
-- ARGV[1]  the running record to put there
-- ARGV[2]  its lease and retention together, in milliseconds
-- ARGV[3]  the token of the claim to replace; empty for none
--
-- Returns 1 if it was put there; else what stands, and the milliseconds that
-- are left until that expires.

local value = redis.call('GET', KEYS[1])
if value then
  if not runs(value, ARGV[3]) or left(value) > 0 then
    return {value, redis.call('PTTL', KEYS[1])}
  end
  tell(value)
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
