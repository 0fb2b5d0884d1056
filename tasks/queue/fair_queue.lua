-- A fair queue: the waiting messages of a user are a lane. The lanes take turns, and in each turn a worker
-- gets one message of the lane.
--
-- Each message contains the capabilities that it requires (sorted, separated by commas). Messages of a
-- lane that require the same capabilities wait in one list. So a message that no worker can run never
-- blocks the messages behind it.
--
-- KEYS[1]                        the full name of the queue; all keys used here begin with it
-- $queue.msgs                    dramatiq's hash: message id -> message data
-- $queue.needs                   set of the capability lists that waiting messages require
-- $queue.turns.$required         sorted set of the lanes with waiting messages that require this list;
--                                the score is the number of the lane's turn, and is the same in each of
--                                these sets
-- $queue.waits.$required\n$lane  list of the waiting messages of a lane: "$arrival\n$dedup_key"
-- $queue.ids                     hash of all waiting messages: "$required\n$lane\n$dedup_key" -> id
-- $queue.number                  the last number that was given to a turn or an arrival
--
-- put(id, data, lane, required, dedup_key)
--   Adds a message. If a message with the same deduplication key is waiting, the new message replaces
--   that message and keeps its position.
-- put_back(id, data, lane, required, dedup_key, acks)
--   Moves a message that a worker had taken but not processed from the set `acks` to its lane. The message
--   becomes the first message of the lane, and the lane has the next turn. But if a newer message with the
--   same key is waiting, the message is deleted.
-- take(name, namespace, worker, host, room, reserved, limit, takes_all, [capability, ...])
--   Removes and returns the data of at most `room` messages of the queue `name`, and adds their ids to the
--   set of messages that the worker holds. It returns only messages whose required capabilities are all in
--   the arguments, or any message if `takes_all` is 1. The next message is the oldest message of the lane
--   whose turn is next. After its turn, a lane goes to the end of the queue.
--   If the workers of `host` already hold `limit` messages of a lane, other lanes come first. The last
--   `reserved` messages of `room` are only taken from lanes of which these workers hold no message.
--
-- Sets of dramatiq that take() reads. They still exist after a worker is killed, so this script does not
-- have to count messages itself:
-- $namespace:__acks__.$worker.$name  ids of the messages that a worker holds
-- $namespace:__heartbeats__          sorted set of the workers
-- A set that this script writes:
-- $namespace:__host__.$host          workers of a host
--
-- The id of a message is "$lane\n$uuid" (redis_broker.py), so the lanes of held messages are known.
--
-- Lists that version 1 of this script wrote. take() moves their content to the keys above:
-- $queue.lanes                   the lanes
-- $queue.lane.$lane              the messages of a lane: "$required\n$id"

local queue = KEYS[1]
local messages, kinds = queue .. ".msgs", queue .. ".needs"
local ids, number = queue .. ".ids", queue .. ".number"
local MOVED = 64
local HOST_LIFE_S = 60
local FIRST_CAPABILITY = 10

local function turns(required)
    return queue .. ".turns." .. required
end

local function waits(place)
    return queue .. ".waits." .. place
end

local function split(text)
    local at = string.find(text, "\n", 1, true)
    return string.sub(text, 1, at - 1), string.sub(text, at + 1)
end

local function turn_of(lane)
    for _, required in ipairs(redis.call("smembers", kinds)) do
        local turn = redis.call("zscore", turns(required), lane)
        if turn then
            return turn
        end
    end
    return redis.call("incr", number)
end

-- Give a lane the next turn.
local function advance(lane)
    for _, required in ipairs(redis.call("smembers", kinds)) do
        redis.call("zadd", turns(required), "xx", 0, lane)
    end
end

local function put_back(id, lane, required, dedup_key)
    local place = required .. "\n" .. lane
    local name = place .. "\n" .. dedup_key
    if redis.call("hsetnx", ids, name, id) == 0 then
        redis.call("hdel", messages, id)
        return
    end
    redis.call("zadd", turns(required), 0, lane)
    redis.call("sadd", kinds, required)
    redis.call("lpush", waits(place), "0\n" .. dedup_key)
    advance(lane)
end

local function put(id, lane, required, dedup_key)
    local place = required .. "\n" .. lane
    local name = place .. "\n" .. dedup_key
    local earlier = redis.call("hget", ids, name)
    redis.call("hset", ids, name, id)
    if earlier and earlier ~= id then
        redis.call("hdel", messages, earlier)
    end
    if not earlier then
        redis.call("zadd", turns(required), turn_of(lane), lane)
        redis.call("sadd", kinds, required)
        redis.call("rpush", waits(place), redis.call("incr", number) .. "\n" .. dedup_key)
    end
end

local function move_version_1()
    for _ = 1, MOVED do
        local lane = redis.call("lpop", queue .. ".lanes")
        if not lane then
            return
        end
        local entry = redis.call("lpop", queue .. ".lane." .. lane)
        if entry then
            local required, id = split(entry)
            put(id, lane, required, id)
            redis.call("rpush", queue .. ".lanes", lane)
        end
    end
end

local function capabilities_of_caller()
    local capabilities = {}
    for i = FIRST_CAPABILITY, #ARGV do
        capabilities[ARGV[i]] = true
    end
    return capabilities
end

local function is_capable(capabilities, required)
    for capability in string.gmatch(required, "[^,]+") do
        if not capabilities[capability] then
            return false
        end
    end
    return true
end

local function runnable_kinds()
    local capabilities, runnable = capabilities_of_caller(), {}
    for _, required in ipairs(redis.call("smembers", kinds)) do
        if ARGV[FIRST_CAPABILITY - 1] == "1" or is_capable(capabilities, required) then
            table.insert(runnable, required)
        end
    end
    return runnable
end

local function workers_of(host, namespace)
    local workers = {}
    for _, worker in ipairs(redis.call("smembers", host)) do
        if redis.call("zscore", namespace .. ":__heartbeats__", worker) then
            table.insert(workers, worker)
        else
            redis.call("srem", host, worker)
        end
    end
    return workers
end

-- Return the number of messages of each lane that the workers of a host hold, and the number of lanes.
local function held_on(host, namespace, name)
    local held, lanes = {}, 0
    for _, worker in ipairs(workers_of(host, namespace)) do
        for _, id in ipairs(redis.call("smembers", namespace .. ":__acks__." .. worker .. "." .. name)) do
            if string.find(id, "\n", 1, true) then
                local lane = split(id)
                lanes = lanes + (held[lane] and 0 or 1)
                held[lane] = (held[lane] or 0) + 1
            end
        end
    end
    return held, lanes
end

-- Return the first message of the first lane of which fewer than `limit` messages are held.
local function first_of(required, held, lanes, limit)
    local first = redis.call("zrange", turns(required), 0, lanes, "withscores")
    for i = 1, #first, 2 do
        local lane, turn = first[i], tonumber(first[i + 1])
        if (held[lane] or 0) < limit then
            local arrival = split(redis.call("lindex", waits(required .. "\n" .. lane), 0))
            return { required = required, lane = lane, turn = turn, arrival = tonumber(arrival) }
        end
    end
    return nil
end

local function is_before(entry, other)
    if entry.turn ~= other.turn then
        return entry.turn < other.turn
    end
    return entry.arrival < other.arrival
end

local function next_of(runnable, held, lanes, limit)
    local earliest = nil
    for _, required in ipairs(runnable) do
        local first = first_of(required, held, lanes, limit)
        if first and (not earliest or is_before(first, earliest)) then
            earliest = first
        end
    end
    return earliest
end

local function remove(entry)
    local place = entry.required .. "\n" .. entry.lane
    local _, dedup_key = split(redis.call("lpop", waits(place)))
    local id = redis.call("hget", ids, place .. "\n" .. dedup_key)
    redis.call("hdel", ids, place .. "\n" .. dedup_key)
    if redis.call("exists", waits(place)) == 0 then
        redis.call("zrem", turns(entry.required), entry.lane)
    end
    if redis.call("exists", turns(entry.required)) == 0 then
        redis.call("srem", kinds, entry.required)
    end
    return id
end

local function end_turn(lane)
    local turn = redis.call("incr", number)
    for _, required in ipairs(redis.call("smembers", kinds)) do
        redis.call("zadd", turns(required), "xx", turn, lane)
    end
    if redis.call("exists", kinds) == 0 then
        redis.call("del", number)
    end
end

if ARGV[1] == "put" or ARGV[1] == "put_back" then
    local id, data, lane, required, dedup_key = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
    redis.call("hset", messages, id, data)
    if ARGV[1] == "put" then
        put(id, lane, required, dedup_key)
    else
        put_back(id, lane, required, dedup_key)
        redis.call("srem", ARGV[7], id)
    end
    return 1
end

local name, namespace, worker = ARGV[2], ARGV[3], ARGV[4]
local host = namespace .. ":__host__." .. ARGV[5]
local room, reserved, limit = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local acks = namespace .. ":__acks__." .. worker .. "." .. name

redis.call("sadd", host, worker)
redis.call("expire", host, HOST_LIFE_S)
move_version_1()

local runnable, taken = runnable_kinds(), {}
if #runnable == 0 then
    return taken
end
local held, lanes = held_on(host, namespace, name)
while #taken < room do
    local has_shared = room - #taken > reserved
    local entry = next_of(runnable, held, lanes, has_shared and limit or 1)
    if not entry and has_shared then
        entry = next_of(runnable, held, lanes, math.huge)
    end
    if not entry then
        break
    end
    local id = remove(entry)
    end_turn(entry.lane)
    local data = redis.call("hget", messages, id)
    if data then
        redis.call("sadd", acks, id)
        table.insert(taken, data)
        lanes = lanes + (held[entry.lane] and 0 or 1)
        held[entry.lane] = (held[entry.lane] or 0) + 1
    end
end
return taken
