-- SPDX-License-Identifier: Apache-2.0
-- What wrk sends, as one or, with more than one token, as each in turn, and one line of JSON about it.
--   load.lua METHOD BODY TOKENS PROVIDERS FIRST DELAY_MS [NAME VALUE]...    tokens as seed.py makes them;
--   with more than one, their headers replace those that are named

function init(args)
    local tokens, providers, number, pause = tonumber(args[3]), tonumber(args[4]), tonumber(args[5]), tonumber(args[6])
    wrk.method, wrk.body, wrk.headers = args[1], args[2], {}
    if wrk.method == "GET" then wrk.body = nil end
    for i = 7, #args, 2 do wrk.headers[args[i]] = args[i + 1] end
    wrk.headers["Host"] = wrk.host .. ":" .. wrk.port
    if tokens > 1 then
        -- Not wrk.format for each: that would cost more than what it measures.
        local head, tail = wrk.format():match("^(.-\r\n).*(\r\n\r\n.*)$")
        local middle = string.format(
            "Host: %s\r\nContent-Type: application/json\r\nAccept: application/json\r\nContent-Length: %d\r\n",
            wrk.headers["Host"], #wrk.body)
        local form = head .. middle .. "TeamUp-Provider-ID: %d\r\nAuthorization: Token cdk_%043d" .. tail
        function request()
            number = (number + 1) % tokens
            return string.format(form, number % providers + 1, number)
        end
    end
    -- Events that are pushed: some hundred in turn, each time with another title.
    if wrk.body and wrk.body:find("SERIAL") then
        local form = wrk.format()
        function request()
            number = number + 1
            local named = form:gsub("NUMBER", string.format("%06d", number % 500))
            return (named:gsub("SERIAL", string.format("%06d", number % 1000000)))
        end
    end
    if pause > 0 then
        function delay() return pause end
    end
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format(
        '{"requests": %d, "seconds": %.6f, "p50_us": %d, "p99_us": %d, "p999_us": %d, "failed": %d, "refused": %d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
        latency:percentile(99.9), e.connect + e.read + e.write + e.timeout, e.status))
end
