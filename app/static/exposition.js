// Reading Prometheus's text format, and the quantiles of its histograms.

const SAMPLE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const ESCAPES = { "\\n": "\n", '\\"': '"', "\\\\": "\\" };

export function parse(text) {
  return text.split("\n").flatMap((line) => {
    const found = SAMPLE.exec(line);
    if (!found) return [];
    const [, name, labels = "", value] = found;
    return [{ name, labels: readLabels(labels), value: Number(value) }];
  });
}

function readLabels(text) {
  return Object.fromEntries(
    [...text.matchAll(LABEL)].map(([, name, value]) => [name, value.replace(/\\./g, (pair) => ESCAPES[pair] ?? pair)]),
  );
}

export const sum = (samples) => samples.reduce((total, { value }) => total + value, 0);

// As histogram_quantile of PromQL: linear within a bucket, the last finite bound beyond all.
export function quantile(q, buckets) {
  const bounds = buckets.map(({ labels, value }) => ({ upper: labels.le === "+Inf" ? Infinity : Number(labels.le), value }));
  bounds.sort((a, b) => a.upper - b.upper);
  const rank = q * bounds.at(-1).value;
  const at = bounds.findIndex(({ value }) => value >= rank);
  if (bounds[at].upper === Infinity) return bounds.at(-2).upper;
  const lower = at ? bounds[at - 1] : { upper: 0, value: 0 };
  return lower.upper + ((bounds[at].upper - lower.upper) * (rank - lower.value)) / (bounds[at].value - lower.value);
}
