// The second view: figures worked out here from what the service shows Prometheus, and kept nowhere.

import { bar, byId, count, element, percent } from "./elements.js";
import { parse, quantile, sum } from "./exposition.js";

const PERIOD = 2000;

let timer;
let before;

export function startMetrics() {
  if (timer !== undefined) return;
  timer = setInterval(refresh, PERIOD);
  refresh();
}

export function stopMetrics() {
  clearInterval(timer);
  timer = undefined;
  before = undefined;
}

async function refresh() {
  try {
    const response = await fetch("/metrics");
    if (!response.ok) throw new Error(`The service answered ${response.status}.`);
    show(parse(await response.text()), performance.now());
    byId("metrics-error").hidden = true;
  } catch (error) {
    const lost = error instanceof TypeError;
    byId("metrics-error").textContent = lost ? "The service does not answer; these figures are old. Trying again." : error.message;
    byId("metrics-error").hidden = false;
  }
}

function show(samples, now) {
  const of = (name) => samples.filter((sample) => sample.name === name);
  const requests = of("http_requests_total");
  headline(of, sum(requests), now);
  mix(of);
  confidence(of("prediction_confidence_bucket"));
  latency(of);
  const ordered = requests.toSorted((a, b) => b.value - a.value);
  byId("statuses").replaceChildren(
    ...ordered.map(({ labels, value }) => row([labels.status, labels.method, labels.route], [count(value)])),
  );
}

function headline(of, total, now) {
  const seconds = before && (now - before.now) / 1000;
  const rate = before ? ((total - before.total) / seconds).toFixed(1) : "–";
  before = { total, now };
  const figures = {
    predictions: count(sum(of("predictions_total"))),
    refused: count(sum(of("validation_failures_total"))),
    "requests a second": rate,
    waiting: count(sum(of("http_requests_waiting")) + sum(of("gunicorn_listen_backlog"))),
    workers: count(sum(of("gunicorn_workers"))),
    "known words": ratio(of, "known_words_ratio"),
    memory: `${(sum(of("gunicorn_process_proportional_memory_bytes")) / 2 ** 20).toFixed(0)} MiB`,
  };
  byId("headline").replaceChildren(
    ...Object.entries(figures).map(([name, figure]) => element("div", {}, element("dt", {}, name), element("dd", {}, figure))),
  );
}

function ratio(of, name) {
  const observed = sum(of(`${name}_count`));
  return observed ? percent(sum(of(`${name}_sum`)) / observed) : "–";
}

function mix(of) {
  const predictions = of("predictions_total").toSorted((a, b) => a.labels.label.localeCompare(b.labels.label));
  const total = sum(predictions);
  const trained = new Map(of("model_training_label_share").map(({ labels, value }) => [labels.label, value]));
  const bars = predictions.map(({ labels: { label }, value }) => {
    const share = total ? value / total : 0;
    const reference = trained.has(label) ? ` / ${percent(trained.get(label))}` : "";
    return bar(label, share, (total ? percent(share) : "–") + reference);
  });
  byId("mix").replaceChildren(...bars);
}

function confidence(buckets) {
  const total = Math.max(0, ...buckets.map(({ value }) => value));
  let lower = 0;
  let counted = 0;
  const bars = buckets
    .filter(({ labels }) => labels.le !== "+Inf")
    .map(({ labels, value }) => {
      const share = total ? (value - counted) / total : 0;
      const made = bar(`${lower.toFixed(1)} – ${Number(labels.le).toFixed(1)}`, share, total ? percent(share) : "–");
      lower = Number(labels.le);
      counted = value;
      return made;
    });
  // Of several labels the likeliest is hardly ever below a tenth; empty low rows show nothing.
  const first = bars.findIndex((made) => made.querySelector(".fill").style.width !== "0%");
  byId("confidence").replaceChildren(...bars.slice(Math.max(0, first)));
}

function latency(of) {
  const buckets = Map.groupBy(of("http_request_duration_seconds_bucket"), ({ labels }) => labels.route);
  const counts = of("http_request_duration_seconds_count").toSorted((a, b) => b.value - a.value);
  const rows = counts.map(({ labels: { route }, value }) => {
    const figures = [0.5, 0.95, 0.99].map((q) => milliseconds(quantile(q, buckets.get(route))));
    return row([route], [count(value), ...figures]);
  });
  byId("latency").replaceChildren(...rows);
}

function milliseconds(seconds) {
  const digits = seconds < 0.001 ? 2 : seconds < 0.01 ? 1 : 0;
  return (1000 * seconds).toFixed(digits);
}

function row(names, figures) {
  const cells = names.map((name) => element("td", {}, name));
  cells.push(...figures.map((figure) => element("td", { className: "number" }, figure)));
  return element("tr", {}, ...cells);
}
