-- Marks a claim as waited for, so that its end is told. Only the first waiter
-- causes a write; one that fails leaves waiters to their poll.
--
-- KEYS[1]  the record
-- ARGV[1]  the token
--
-- Returns the milliseconds that its lease has left, or 0 if the record does
-- not run under the token with a living lease.

local record = head()
if not runs(record, ARGV[1]) then
  return 0
end
local rest = left(record)
if rest <= 0 then
  return 0
end
if record:byte(3) == 0 then
  redis.pcall('SETRANGE', KEYS[1], 2, '\1')
end
return rest
