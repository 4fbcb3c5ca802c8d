-- What each client of the spending stage does under wrk, one thread and one connection a client: reserve points, then capture what was reserved.
-- Arguments: legal entity, token, run (makes keys and serials unique), first customer's number, customers, channel date, pairs a second of all clients
-- (0: as fast as answers come), clients; or the word `grant` for the pairs: then each client grants points to its share of the customers, and stops.
local ffi = require("ffi")
ffi.cdef([[
typedef struct { long seconds; long nanoseconds; } instant;
int clock_gettime(int clock, instant *now);
]])

local MONOTONIC = 1
local BUCKET_US = 100 -- of the histogram of pairs' times
local HOLD_MS = 60000 -- the pause of a client that has nothing left to do
local GRANTED = 1000000000

local threads = {}

function setup(thread)
  thread:set("client", #threads)
  table.insert(threads, thread)
end

local instant = ffi.new("instant")
local function now_us()
  ffi.C.clock_gettime(MONOTONIC, instant)
  return tonumber(instant.seconds) * 1e6 + tonumber(instant.nanoseconds) / 1e3
end

local base, headers, run, first, customers, on, clients, pause_us
local grants, reservation, began_us, due_us
local made = 0
pairs_done, granted, errors, first_error, histogram = 0, 0, 0, "", {}

function init(arguments)
  base = "/v1/entities/" .. arguments[1]
  headers = { ["Authorization"] = "Bearer " .. arguments[2], ["Content-Type"] = "application/json" }
  run, first, customers, on, clients = arguments[3], tonumber(arguments[4]), tonumber(arguments[5]), arguments[6], tonumber(arguments[8])
  grants = arguments[7] == "grant"
  local rate = grants and 0 or tonumber(arguments[7])
  math.randomseed(client + 1)
  if rate > 0 then
    pause_us = clients / rate * 1e6
    delay = pause_until_due
  elseif grants then
    delay = function() return client + made * clients < customers and 0 or HOLD_MS end
  end
end

-- An open workload: pairs are due at fixed times and are timed from then, so that a slow answer also counts against the pairs that wait behind it.
function pause_until_due()
  if reservation then return 0 end
  local now = now_us()
  due_us = due_us and due_us + pause_us or now + pause_us * client / clients
  return math.max(0, math.ceil((due_us - now) / 1e3))
end

local function post(path, key, body)
  headers["Idempotency-Key"] = key
  return wrk.format("POST", base .. path, headers, body)
end

local function unique() return run .. "-" .. client .. "-" .. made end

function request()
  if reservation then return post("/reservations/" .. reservation .. "/capture", unique() .. "c", "{}") end
  if grants then
    local body = '{"customer_no":"C%d","points":%d,"point_type":"base","reason":"bench","channel_serial":"%s","channel_date":"%s"}'
    return post("/grants", unique(), body:format(first + client + made * clients, GRANTED, unique(), on))
  end
  began_us = due_us or now_us()
  local body = '{"customer_no":"C%d","points":10,"application":"mall","channel_serial":"%s","channel_date":"%s"}'
  return post("/reservations", unique(), body:format(first + math.random(0, customers - 1), unique(), on))
end

function response(status, _, body)
  if status >= 300 then
    errors, first_error = errors + 1, first_error == "" and status .. " " .. body or first_error
    reservation, made = nil, made + 1
  elseif grants then
    granted, made = granted + 1, made + 1
  elseif reservation then
    local bucket = math.floor((now_us() - began_us) / BUCKET_US)
    histogram[bucket] = (histogram[bucket] or 0) + 1
    pairs_done, reservation, made = pairs_done + 1, nil, made + 1
  else
    reservation = body:match('"reservation_id":"(%x+)"')
  end
end

local function percentile_ms(counts, total, share)
  local buckets, seen = {}, 0
  for bucket in pairs(counts) do table.insert(buckets, bucket) end
  table.sort(buckets)
  for _, bucket in ipairs(buckets) do
    seen = seen + counts[bucket]
    if seen >= share * total then return (bucket + 1) * BUCKET_US / 1e3 end
  end
  return 0
end

function done(summary, latency)
  local total, refused, gave, example, counts = 0, 0, 0, "", {}
  for _, thread in ipairs(threads) do
    total, refused, gave = total + thread:get("pairs_done"), refused + thread:get("errors"), gave + thread:get("granted")
    example = example == "" and thread:get("first_error") or example
    for bucket, count in pairs(thread:get("histogram")) do counts[bucket] = (counts[bucket] or 0) + count end
  end
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  local answer = '{"pairs":%d,"granted":%d,"seconds":%.3f,"errors":%d,"p50_ms":%.1f,"p99_ms":%.1f,"call_p50_ms":%.2f,"call_p99_ms":%.2f}'
  print(answer:format(total, gave, summary.duration / 1e6, refused + failed, percentile_ms(counts, total, 0.5), percentile_ms(counts, total, 0.99),
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
  if example ~= "" then io.stderr:write("the first refusal: " .. example .. "\n") end
end
