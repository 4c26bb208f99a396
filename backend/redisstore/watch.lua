-- Marks a claim as watched, so that its end is published. Only the first waiter
-- causes a write. If the write fails, waiters still poll.
--
-- KEYS[1]  the record
-- ARGV[1]  the token
--
-- Returns the milliseconds left of the lease, or 0 if the record does not run
-- under the token or its lease has expired.

local record = head()
if not is_running(record, ARGV[1]) then
  return 0
end
local left = lease_left(record)
if left <= 0 then
  return 0
end
if record:byte(3) == 0 then
  redis.pcall('SETRANGE', KEYS[1], 2, '\1')
end
return left
