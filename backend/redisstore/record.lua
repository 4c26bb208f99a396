-- What the scripts share: it is put in front of each of them. The layout of a
-- record is that of layout.go.
--
-- KEYS[1]  the record; its name is also the channel that its end is told on

-- retention returns the milliseconds that a record stays after its lease.
local function retention(record)
  local n = 0
  for i = 57, 64 do
    n = n * 256 + record:byte(i)
  end
  return n
end

-- size returns the length of a running record: the header, and in format 2 the
-- seal of the claim behind its length. An outcome follows it.
local function size(record)
  if record:byte(1) ~= 2 then
    return 64
  end
  return 66 + (record:byte(65) or 0) * 256 + (record:byte(66) or 0)
end

-- known tells whether this is long enough for a record, of a format that the
-- scripts know.
local function known(record)
  return #record >= 64 and (record:byte(1) == 1 or record:byte(1) == 2)
end

-- head returns the record without its outcome, and one byte of the outcome if
-- there is one.
local function head()
  local record = redis.call('GETRANGE', KEYS[1], 0, 66)
  if #record == 67 and size(record) > 64 then
    return redis.call('GETRANGE', KEYS[1], 0, size(record))
  end
  return record
end

-- runs tells whether this is a record running under the token. It is as strict
-- as decode in layout.go: what that calls unreadable must never be changed. So
-- a record is read with one byte more, which only an outcome has.
local function runs(record, token)
  return known(record) and #record == size(record)
    and record:byte(2) == 1 and record:byte(3) <= 1
    and record:sub(4, 19) == token and retention(record) <= 3153600000000
end

-- finished tells whether this is a record that the token has finished.
local function finished(record, token)
  return known(record) and record:sub(4, 19) == token
    and (record:byte(2) == 2 or record:byte(2) == 3)
end

-- left returns the milliseconds that a running record's lease has left. Its
-- expiry is the lease and then the retention, by this server's clock.
local function left(record)
  return redis.call('PTTL', KEYS[1]) - retention(record)
end

-- tell wakes those who wait, if the record says that somebody does. A user who
-- may not publish still gets what it asked for; waiters poll as well.
local function tell(record)
  if record:byte(3) == 1 then
    redis.pcall('PUBLISH', KEYS[1], '')
  end
end
