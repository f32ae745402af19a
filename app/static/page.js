// The page's tabs and its first view: a text, its label, and why. Texts are only ever set as text.

import { element, percent, setBar } from "./elements.js";
import { markWords } from "./words.js";
import { startMetrics, stopMetrics } from "./metrics.js";

const QUERY = "/prediction?scores=true&explain=1000";
const LISTED = 8;

const byId = (id) => document.getElementById(id);
const text = byId("text");

// Tabs: https://www.w3.org/WAI/ARIA/apg/patterns/tabs/

const tabs = [...document.querySelectorAll("[role=tab]")];

function select(chosen) {
  for (const tab of tabs) {
    const selected = tab === chosen;
    tab.setAttribute("aria-selected", String(selected));
    tab.tabIndex = selected ? 0 : -1;
    byId(tab.getAttribute("aria-controls")).hidden = !selected;
  }
  history.replaceState(null, "", `#${chosen.getAttribute("aria-controls")}`);
  watchMetrics();
}

function moveFocus(event) {
  const last = tabs.length - 1;
  const at = tabs.indexOf(event.currentTarget);
  const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  tabs[to].focus();
  select(tabs[to]);
}

function watchMetrics() {
  if (!byId("metrics").hidden && !document.hidden) startMetrics();
  else stopMetrics();
}

// Prediction

let latest = 0;

async function predict() {
  const asked = text.value;
  const turn = ++latest;
  byId("predict").setAttribute("aria-disabled", "true");
  try {
    const body = JSON.stringify({ text: asked });
    const started = performance.now();
    const response = await fetch(QUERY, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    const answer = await response.json();
    const elapsed = performance.now() - started;
    // A slow answer must not replace that of a later question.
    if (turn !== latest) return;
    if (!response.ok) throw new Error(answer.detail || answer.title || `The service answered ${response.status}.`);
    show(asked, answer);
    byId("timing").textContent = timing(elapsed, response.headers.get("Server-Timing"));
  } catch (error) {
    if (turn === latest) fail(error);
  } finally {
    if (turn === latest) byId("predict").removeAttribute("aria-disabled");
  }
}

function show(asked, answer) {
  byId("error").hidden = true;
  setLabel(answer.label);
  for (const bar of byId("scores").children) {
    const score = answer.scores?.[bar.dataset.label];
    setBar(bar, score ?? 0, score === undefined ? "–" : percent(score));
    bar.classList.toggle("best", bar.dataset.label === answer.label);
  }
  byId("why").hidden = !answer.explanation;
  if (answer.explanation) explain(asked, answer.label, answer.explanation);
  byId("curl").textContent = curl(asked);
  byId("shell").hidden = false;
}

function setLabel(label) {
  byId("label").textContent = label ?? "no label";
  byId("label").classList.toggle("none", label === undefined);
}

function fail(error) {
  const lost = error instanceof TypeError || error instanceof SyntaxError;
  byId("error").textContent = lost ? "The service did not answer. Is it still running? Try again in a moment." : error.message;
  byId("error").hidden = false;
  setLabel(undefined);
  byId("timing").textContent = "";
  for (const bar of byId("scores").children) {
    setBar(bar, 0, "–");
    bar.classList.remove("best");
  }
  byId("why").hidden = true;
  byId("shell").hidden = true;
}

function explain(asked, label, explanation) {
  byId("why-label").textContent = label;
  byId("marked").replaceChildren(...markWords(asked, explanation));
  for (const side of ["supporting", "opposing"]) {
    const heard = explanation[side].filter(({ weight }) => Math.abs(weight) >= 0.005);
    const listed = heard.slice(0, LISTED).map(({ term, weight }) =>
      element("li", {}, element("span", {}, term), element("span", { className: "figure" }, signed(weight))),
    );
    byId(side).replaceChildren(...(listed.length ? listed : [element("li", {}, "no word of the text")]));
  }
}

const signed = (weight) => `${weight < 0 ? "−" : "+"}${Math.abs(weight).toFixed(2)}`;

function timing(elapsed, header) {
  const stages = [...(header ?? "").matchAll(/([\w-]+)[^,]*?;\s*dur=([\d.]+)/g)].map(
    ([, name, milliseconds]) => `${name} ${Number(milliseconds).toFixed(2)} ms`,
  );
  return [`${elapsed.toFixed(1)} ms round trip`, ...stages].join(", ");
}

// In single quotes a shell takes every character as it is, but the single quote.
const quote = (word) => `'${word.replaceAll("'", "'\\''")}'`;

function curl(asked) {
  return [
    `curl -sS ${quote(location.origin + QUERY)}`,
    `  -H ${quote("Content-Type: application/json")}`,
    `  -d ${quote(JSON.stringify({ text: asked }))}`,
  ].join(" \\\n");
}

async function copy() {
  try {
    await navigator.clipboard.writeText(byId("curl").textContent);
    byId("copy").textContent = "Copied";
  } catch {
    // Without leave to write to the clipboard, the command is selected, to be copied by hand.
    getSelection().selectAllChildren(byId("curl"));
    byId("copy").textContent = "Selected";
  }
  setTimeout(() => (byId("copy").textContent = "Copy"), 2000);
}

function countCharacters() {
  // As the service counts: code points, not UTF-16 units.
  const count = [...text.value].length;
  byId("length").textContent = `${count.toLocaleString("en")} ${count === 1 ? "character" : "characters"}`;
}

for (const tab of tabs) {
  tab.addEventListener("click", () => select(tab));
  tab.addEventListener("keydown", moveFocus);
}
for (const chip of document.querySelectorAll("[data-text]")) {
  chip.addEventListener("click", () => {
    text.value = chip.dataset.text;
    countCharacters();
    predict();
  });
}
text.addEventListener("input", countCharacters);
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    predict();
  }
});
byId("predict").addEventListener("click", predict);
byId("copy").addEventListener("click", copy);
document.addEventListener("visibilitychange", watchMetrics);

countCharacters();
if (location.hash === "#metrics") select(byId("tab-metrics"));
