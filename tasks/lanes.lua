-- Messages of one queue that wait in lanes, of which one after the other has its turn.
--
-- KEYS[1]           the queue's full name; it prefixes every key used here
-- $queue.msgs       hash of message ids -> message data: dramatiq's own
-- $queue.lanes      list of the lanes in which something waits, whose turn is next first
-- $queue.lane.$lane list of what waits in a lane, in order of arrival: "$needs\n$id"; what it
--                   needs is abilities with commas between them
--
-- put(id, data, lane, needs)
-- take(acks, room, look, is_able_to_all, [ability, ...]): returns the data of at most `room`
--   messages, whose ids are in the set `acks` from then on. Of a lane the first message that needs
--   nothing but abilities named is taken, among the first `look`; with `is_able_to_all` 1 every
--   message may be. A lane that had its turn goes to the end.

local queue = KEYS[1]
local messages = queue .. ".msgs"
local turns = queue .. ".lanes"
local command = ARGV[1]

local function lane_key(lane)
    return queue .. ".lane." .. lane
end

if command == "put" then
    local id, data, lane, needs = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
    redis.call("hset", messages, id, data)
    if redis.call("rpush", lane_key(lane), needs .. "\n" .. id) == 1 then
        redis.call("rpush", turns, lane)
    end
    return 1
end

local acks, room, look = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local is_able_to_all = ARGV[5] == "1"
local abilities = {}
for i = 6, #ARGV do
    abilities[ARGV[i]] = true
end

local function is_able(needs)
    for ability in string.gmatch(needs, "[^,]+") do
        if not is_able_to_all and not abilities[ability] then
            return false
        end
    end
    return true
end

local function take_from(lane)
    for _, entry in ipairs(redis.call("lrange", lane_key(lane), 0, look - 1)) do
        local at = string.find(entry, "\n", 1, true)
        local needs = string.sub(entry, 1, at - 1)
        if is_able(needs) then
            redis.call("lrem", lane_key(lane), 1, entry)
            return string.sub(entry, at + 1)
        end
    end
    return nil
end

local found = {}
local passed = 0
while #found < room do
    local lane = redis.call("lindex", turns, passed)
    if not lane then
        break
    end
    local id = take_from(lane)
    if id then
        redis.call("lrem", turns, 1, lane)
        if redis.call("exists", lane_key(lane)) == 1 then
            redis.call("rpush", turns, lane)
        end
        local data = redis.call("hget", messages, id)
        if data then
            redis.call("sadd", acks, id)
            table.insert(found, data)
        end
    else
        passed = passed + 1
    end
end
return found
