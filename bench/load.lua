-- SPDX-License-Identifier: Apache-2.0
-- What wrk sends, as one or, with more than one token, as each in turn, and one line of JSON about it.
--   load.lua BODY TOKENS PROVIDERS FIRST DELAY_MS    tokens as seed.py makes them

local function headers_of(number, providers)
    return {
        ["Authorization"] = string.format("Token cdk_%043d", number),
        ["TeamUp-Provider-ID"] = tostring(number % providers + 1),
        ["Content-Type"] = "application/json",
        ["Accept"] = "application/json",
    }
end

function init(args)
    local tokens, providers, number, pause = tonumber(args[2]), tonumber(args[3]), tonumber(args[4]), tonumber(args[5])
    wrk.method, wrk.body, wrk.headers = "POST", args[1], headers_of(0, providers)
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
    if pause > 0 then
        function delay() return pause end
    end
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format(
        '{"requests": %d, "seconds": %.6f, "p50_us": %d, "p99_us": %d, "p999_us": %d, "failed": %d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
        latency:percentile(99.9), e.connect + e.read + e.write + e.status + e.timeout))
end
