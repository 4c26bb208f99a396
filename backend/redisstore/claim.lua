-- Claims an absent record, or takes over a record whose lease has expired.
--
-- KEYS[1]  the record
-- ARGV[1]  the new running record
-- ARGV[2]  the sum of its lease and retention, in milliseconds
-- ARGV[3]  the token of the claim to replace; empty for none
--
-- Returns 1 if the claim has won; else the existing record and the milliseconds
-- until it expires.

local value = redis.call('GET', KEYS[1])
if value then
  -- PTTL is read only once, because the clock advances within a script. A second
  -- read could return an expired lease for a takeover that the first refused.
  local expiry = redis.call('PTTL', KEYS[1])
  if not is_running(value, ARGV[3]) or expiry - retention(value) > 0 then
    return {value, expiry}
  end
  publish_end(value)
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
