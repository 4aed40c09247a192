-- wrk asks the questions of a file, one JSON body a line, in turn: wrk ... -s ask.lua URL -- BODIES PATH [PAUSE_MS]
-- With a pause each connection waits for a random time of that mean before it asks again, so that the load is steady.
local requests, place, pause = {}, 0, 0
local thread = 0

function setup(t)
    t:set("place", thread * 7919)
    thread = thread + 1
end

function init(args)
    for line in io.lines(args[1]) do
        requests[#requests + 1] = wrk.format("POST", args[2], { ["Content-Type"] = "application/json" }, line)
    end
    pause = tonumber(args[3] or 0)
    place = place % #requests
    math.randomseed(place + 1)
    if pause == 0 then delay = nil end
end

function request()
    place = place % #requests + 1
    return requests[place]
end

function delay()
    return math.floor(-pause * math.log(1 - math.random()) + 0.5)
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '{"requests": %d, "seconds": %.3f, "p50_us": %d, "p90_us": %d, "p99_us": %d, "p999_us": %d, "max_us": %d, ' ..
        '"refused": %d, "connect_errors": %d, "read_errors": %d, "write_errors": %d, "timeouts": %d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(90),
        latency:percentile(99), latency:percentile(99.9), latency.max, errors.status, errors.connect, errors.read,
        errors.write, errors.timeout))
end
