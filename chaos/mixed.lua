-- What wrk sends: the requests of a file in turns, each a line of method, path and body.
-- Usage: wrk ... -s mixed.lua URL -- REQUESTS
-- In a path, NUMBER stands for a number that no other request of the thread has.

local requests = {}
local at = 0
local threads = {}

faults = 0

function setup(thread)
   threads[#threads + 1] = thread
end

function init(args)
   for line in io.lines(args[1]) do
      local method, path, body = line:match("^(%S+) (%S+) ?(.*)$")
      requests[#requests + 1] = { method, path, body }
   end
end

function request()
   at = at + 1
   local one = requests[at % #requests + 1]
   return wrk.format(one[1], (one[2]:gsub("NUMBER", at)), {}, one[3] ~= "" and one[3] or nil)
end

function response(status)
   if status >= 500 then
      faults = faults + 1
   end
end

function done(summary, latency)
   local count = 0
   for _, thread in ipairs(threads) do
      count = count + thread:get("faults")
   end
   local errors = summary.errors
   io.write(string.format('\nresult {"requests": %d, "faults": %d, "broken": %d}\n',
      summary.requests, count, errors.connect + errors.read + errors.write + errors.timeout))
end
