-- Functions that all scripts share. The source of every script starts with this
-- file. layout.go describes the layout of a record.
--
-- KEYS[1]  the record; its name is also the channel for the end of its claim

-- retention returns the milliseconds for which the record is stored after its
-- lease.
local function retention(record)
  local n = 0
  for i = 57, 64 do
    n = n * 256 + record:byte(i)
  end
  return n
end

-- size returns the length of a running record: the header, and in format 2 the
-- length of the claim's seal and the seal. In a finished record, the payload
-- follows.
local function size(record)
  if record:byte(1) ~= 2 then
    return 64
  end
  return 66 + (record:byte(65) or 0) * 256 + (record:byte(66) or 0)
end

-- known returns whether the value is long enough for a record and has a format
-- that the scripts know.
local function known(record)
  return #record >= 64 and (record:byte(1) == 1 or record:byte(1) == 2)
end

-- head returns the record without its payload, but with the first byte of the
-- payload if there is one.
local function head()
  local record = redis.call('GETRANGE', KEYS[1], 0, 66)
  if #record == 67 and size(record) > 64 then
    return redis.call('GETRANGE', KEYS[1], 0, size(record))
  end
  return record
end

-- is_running returns whether the value is a record that runs under the token. It
-- is as strict as decode in layout.go, because the scripts must not change a
-- value that decode cannot read. A running record has no payload, which is why
-- head returns one byte of it.
local function is_running(record, token)
  return known(record) and #record == size(record)
    and record:byte(2) == 1 and record:byte(3) <= 1
    and record:sub(4, 19) == token and retention(record) <= 3153600000000
end

-- is_finished returns whether the value is a record that was finished under the
-- token.
local function is_finished(record, token)
  return known(record) and record:sub(4, 19) == token
    and (record:byte(2) == 2 or record:byte(2) == 3)
end

-- lease_left returns the milliseconds left of the lease of a running record. The
-- expiry of the record is its lease plus its retention, by the server's clock.
local function lease_left(record)
  return redis.call('PTTL', KEYS[1]) - retention(record)
end

-- publish_end wakes the waiters of the claim if the record is marked as watched.
-- An error is ignored: a user without permission to publish can still run the
-- script, and waiters also poll.
local function publish_end(record)
  if record:byte(3) == 1 then
    redis.pcall('PUBLISH', KEYS[1], '')
  end
end
