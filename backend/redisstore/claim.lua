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
  -- Asked once: the clock goes on within a script, and a claim that is refused
  -- must not be told that nothing of the lease is left.
  local expires = redis.call('PTTL', KEYS[1])
  if not runs(value, ARGV[3]) or expires - retention(value) > 0 then
    return {value, expires}
  end
  tell(value)
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
