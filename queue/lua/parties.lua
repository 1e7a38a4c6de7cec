local c, new = call_of(ARGV[7]), cjson.decode(ARGV[8])
if not c then return refuse('no_call') end
local function same(x, y)
  if type(x) ~= 'table' or type(y) ~= 'table' then return x == y end
  for k, v in pairs(x) do
    if not same(v, y[k]) then return false end
  end
  for k in pairs(y) do
    if x[k] == nil then return false end
  end
  return true
end
if not same(c.parties or {}, new) then
  c.parties = #new > 0 and new or nil
  touch('calls', c)
end
return commit()
