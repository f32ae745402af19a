-- What wrk sends: the bodies of a file, one a line, each request the next one.
-- Usage: wrk ... -s posts.lua URL -- BODIES PATH

local bodies = {}
local path
local at = 0

function init(args)
   for line in io.lines(args[1]) do
      bodies[#bodies + 1] = line
   end
   path = args[2]
end

function request()
   at = at % #bodies + 1
   return wrk.format("POST", path, { ["Content-Type"] = "application/json" }, bodies[at])
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      '\nresult {"requests": %d, "seconds": %f, "errors": %d, "p50_us": %d, "p99_us": %d}\n',
      summary.requests, summary.duration / 1e6,
      errors.connect + errors.read + errors.write + errors.status + errors.timeout,
      latency:percentile(50), latency:percentile(99)))
end
