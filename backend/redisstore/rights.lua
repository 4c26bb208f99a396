-- Tells what the user may not do. It changes nothing.
--
-- ARGV[1]  a name as records have it
-- ARGV[2]  how many replicas the store waits for
--
-- Returns "yes" if the user may read the configuration, and then the commands
-- of a store that it may not run. Servers before Redis 7 cannot be asked.

local function may(...)
  local known, allowed = pcall(redis.acl_check_cmd, ...)
  return known and allowed
end

local answer = {'no'}
if not redis.acl_check_cmd then
  return answer
end
if may('CONFIG', 'GET', 'save') then
  answer[1] = 'yes'
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
    table.insert(answer, command[1])
  end
end
return answer
