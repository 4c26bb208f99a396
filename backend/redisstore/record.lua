-- What the scripts share: it is put in front of each of them. The layout of a
-- record is that of layout.go.
--
-- KEYS[1]  the record; its name is also the channel that its end is told on

-- retention returns the milliseconds that a record stays after its lease.
local function retention(header)
  local n = 0
  for i = 57, 64 do
    n = n * 256 + header:byte(i)
  end
  return n
end

-- runs tells whether this is a record running under the token. It is as strict
-- as decode in layout.go: what that calls unreadable must never be changed. So
-- a header is read with one byte more, which only an outcome has.
local function runs(header, token)
  return #header == 64 and header:sub(1, 2) == '\1\1' and header:byte(3) <= 1
    and header:sub(4, 19) == token and retention(header) <= 3153600000000
end

-- finished tells whether this is a record that the token has finished.
local function finished(header, token)
  return #header >= 64 and header:byte(1) == 1 and header:sub(4, 19) == token
    and (header:byte(2) == 2 or header:byte(2) == 3)
end

-- left returns the milliseconds that a running record's lease has left. Its
-- expiry is the lease and then the retention, by this server's clock.
local function left(header)
  return redis.call('PTTL', KEYS[1]) - retention(header)
end

-- tell wakes those who wait, if the header says that somebody does. A user who
-- may not publish still gets what it asked for; waiters poll as well.
local function tell(header)
  if header:byte(3) == 1 then
    redis.pcall('PUBLISH', KEYS[1], '')
  end
end
