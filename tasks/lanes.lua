-- Messages of one queue that wait in lanes, of which one after the other has its turn.
--
-- What a message needs is abilities with commas between them, in order. Of a lane, what needs the
-- same waits in one list, so that what nobody can run hides nothing.
--
-- KEYS[1]                      the queue's full name; it prefixes every key used here
-- $queue.msgs                  hash of message ids -> message data: dramatiq's own
-- $queue.needs                 set of what is needed by something that waits
-- $queue.turns.$needs          sorted set of the lanes in which something waits that needs it, by
--                              the number of the lane's turn: of each lane the same everywhere
-- $queue.waits.$needs\n$lane   list of what waits in a lane and needs it: "$arrival\n$about"
-- $queue.ids                   hash "$needs\n$lane\n$about" -> message id, of all that waits
-- $queue.number                the last number given to a turn or an arrival
--
-- put(id, data, lane, needs, about)
--   What waits already about the same takes the new message, and keeps its place.
-- take(acks, room, is_able_to_all, [ability, ...])
--   Returns the data of at most `room` messages, whose ids are in the set `acks` from then on, of
--   those that need nothing but abilities named; with `is_able_to_all` 1 of all. The next is the
--   oldest of the lane whose turn is next; a lane that had its turn goes to the end.
--
-- $queue.lanes, $queue.lane.$lane  the lists in which version 1 of this script keeps lanes, and
--                              what waits in one ("$needs\n$id"): they are emptied into the above

local queue = KEYS[1]
local messages, kinds = queue .. ".msgs", queue .. ".needs"
local ids, number = queue .. ".ids", queue .. ".number"
local MOVED = 64

local function turns(needs)
    return queue .. ".turns." .. needs
end

local function waits(place)
    return queue .. ".waits." .. place
end

local function split(text)
    local at = string.find(text, "\n", 1, true)
    return string.sub(text, 1, at - 1), string.sub(text, at + 1)
end

local function turn_of(lane)
    for _, needs in ipairs(redis.call("smembers", kinds)) do
        local turn = redis.call("zscore", turns(needs), lane)
        if turn then
            return turn
        end
    end
    return redis.call("incr", number)
end

local function put(id, lane, needs, about)
    local place = needs .. "\n" .. lane
    local name = place .. "\n" .. about
    local earlier = redis.call("hget", ids, name)
    redis.call("hset", ids, name, id)
    if earlier and earlier ~= id then
        redis.call("hdel", messages, earlier)
    end
    if not earlier then
        redis.call("zadd", turns(needs), turn_of(lane), lane)
        redis.call("sadd", kinds, needs)
        redis.call("rpush", waits(place), redis.call("incr", number) .. "\n" .. about)
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
            local needs, id = split(entry)
            put(id, lane, needs, id)
            redis.call("rpush", queue .. ".lanes", lane)
        end
    end
end

local function abilities_named()
    local found = {}
    for i = 5, #ARGV do
        found[ARGV[i]] = true
    end
    return found
end

local function is_able(abilities, needs)
    for ability in string.gmatch(needs, "[^,]+") do
        if not abilities[ability] then
            return false
        end
    end
    return true
end

local function able_kinds()
    local abilities, found = abilities_named(), {}
    for _, needs in ipairs(redis.call("smembers", kinds)) do
        if ARGV[4] == "1" or is_able(abilities, needs) then
            table.insert(found, needs)
        end
    end
    return found
end

local function first_of(needs)
    local lane, turn = unpack(redis.call("zrange", turns(needs), 0, 0, "withscores"))
    if not lane then
        return nil
    end
    local arrival = split(redis.call("lindex", waits(needs .. "\n" .. lane), 0))
    return { needs = needs, lane = lane, turn = tonumber(turn), arrival = tonumber(arrival) }
end

local function is_before(one, other)
    if one.turn ~= other.turn then
        return one.turn < other.turn
    end
    return one.arrival < other.arrival
end

local function next_of(able)
    local best = nil
    for _, needs in ipairs(able) do
        local first = first_of(needs)
        if first and (not best or is_before(first, best)) then
            best = first
        end
    end
    return best
end

local function remove(one)
    local place = one.needs .. "\n" .. one.lane
    local _, about = split(redis.call("lpop", waits(place)))
    local id = redis.call("hget", ids, place .. "\n" .. about)
    redis.call("hdel", ids, place .. "\n" .. about)
    if redis.call("exists", waits(place)) == 0 then
        redis.call("zrem", turns(one.needs), one.lane)
    end
    if redis.call("exists", turns(one.needs)) == 0 then
        redis.call("srem", kinds, one.needs)
    end
    return id
end

local function end_turn(lane)
    local turn = redis.call("incr", number)
    for _, needs in ipairs(redis.call("smembers", kinds)) do
        redis.call("zadd", turns(needs), "xx", turn, lane)
    end
    if redis.call("exists", kinds) == 0 then
        redis.call("del", number)
    end
end

if ARGV[1] == "put" then
    local id, data, lane, needs, about = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
    redis.call("hset", messages, id, data)
    put(id, lane, needs, about)
    return 1
end

local acks, room = ARGV[2], tonumber(ARGV[3])
move_version_1()
local able, found = able_kinds(), {}
while #found < room do
    local one = next_of(able)
    if not one then
        break
    end
    local id = remove(one)
    end_turn(one.lane)
    local data = redis.call("hget", messages, id)
    if data then
        redis.call("sadd", acks, id)
        table.insert(found, data)
    end
end
return found
