-- Returns the permissions of the user. It changes nothing.
--
-- ARGV[1]  the name of a record
-- ARGV[2]  the number of replicas that the store waits for
--
-- Returns 'yes' if the user may read the configuration, else 'no'. The commands
-- of a store that the user may not run follow; before Redis 7, which cannot
-- report them, none follow.

local function may(...)
  local known, allowed = pcall(redis.acl_check_cmd, ...)
  return known and allowed
end

local result = {'no'}
if not redis.acl_check_cmd then
  return result
end
if may('CONFIG', 'GET', 'save') then
  result[1] = 'yes'
end
local name = ARGV[1]
local commands = {
  {'SET', name, ''}, {'GET', name}, {'GETRANGE', name, '0', '0'}, {'SETRANGE', name, '0', ''},
  {'DEL', name}, {'PTTL', name}, {'PEXPIRE', name, '1'}, {'EVALSHA', '', '1', name},
}
if ARGV[2] ~= '0' then
  table.insert(commands, {'WAIT', '0', '0'})
end
for _, command in ipairs(commands) do
  if not may(unpack(command)) then
    table.insert(result, command[1])
  end
end
return result
