// The second view: many texts, and a table of their labels.

import { bar, byId, count, element, percent } from "./elements.js";
import { csv, download, jsonLines, lines } from "./files.js";
import { ask, ServiceError } from "./service.js";

// Texts that are asked for at a time: few enough for the progress to be seen, and for others to be
// answered in between.
const MOST_AT_A_TIME = 100;
// Rows of the table that are drawn at a time.
const DRAWN = 200;
const EXCERPT = 160;
// The service's answers to a request that it will not take, however often it is sent.
const REJECTIONS = [400, 405, 413];

let rows = [];
let order = { key: "number", descending: false };
let drawn = DRAWN;
let running;

export function classifyAll(texts) {
  running?.abort();
  rows = texts.map((text, index) => ({ number: index + 1, text }));
  drawn = DRAWN;
  byId("outcome").hidden = false;
  run();
}

async function run() {
  const own = (running = new AbortController());
  byId("several-error").hidden = true;
  byId("stop").textContent = "Cancel";
  draw();
  try {
    for (let next = nextRows(); next.length > 0; next = nextRows()) {
      await label(next, own.signal);
      if (own !== running) return;
      draw();
    }
  } catch (error) {
    if (own !== running) return;
    if (!own.signal.aborted) fail(error);
    byId("stop").textContent = "Go on";
  }
  running = undefined;
  draw();
}

// As many as fit into one request, and one at least: what is too large is for the service to say.
function nextRows() {
  const { mostTexts, mostBytes } = byId("several").dataset;
  const most = Math.min(MOST_AT_A_TIME, mostTexts);
  const chosen = [];
  let bytes = 100;
  for (const row of rows) {
    if (isDone(row)) continue;
    bytes += new TextEncoder().encode(JSON.stringify(row.text)).length + 1;
    if (chosen.length > 0 && (chosen.length === most || bytes > mostBytes)) break;
    chosen.push(row);
  }
  return chosen;
}

const isDone = (row) => row.label !== undefined || row.error !== undefined;

// One bad text has the whole request rejected: halves are tried until it stands alone.
async function label(some, signal) {
  try {
    const { answer } = await ask("/predictions?scores=true", { texts: some.map(({ text }) => text) }, signal);
    some.forEach((row, index) => {
      row.label = answer.labels[index];
      row.probability = answer.scores[index][row.label];
    });
  } catch (error) {
    if (!REJECTIONS.includes(error.status)) throw error;
    if (some.length === 1) {
      some[0].error = error.message.replace("texts[0]", "The text");
      return;
    }
    const half = some.length >> 1;
    await label(some.slice(0, half), signal);
    await label(some.slice(half), signal);
  }
}

export function fail(error) {
  const isOurs = !(error instanceof ServiceError);
  if (isOurs) console.error(error);
  say(isOurs ? "This page failed to show the answers. Reload it, and try again." : error.message);
}

export function say(message) {
  byId("several-error").textContent = message;
  byId("several-error").hidden = false;
}

function draw() {
  const done = rows.filter(isDone).length;
  const rejected = rows.filter(({ error }) => error !== undefined).length;
  byId("progress").max = rows.length;
  byId("progress").value = done;
  byId("done").textContent = `${count(done)} of ${count(rows.length)} texts`;
  byId("stop").hidden = done === rows.length;
  byId("ended").textContent = running ? "" : `${count(done - rejected)} labelled, ${count(rejected)} rejected`;
  const sorted = rows.toSorted((a, b) => compare(a, b) * (order.descending ? -1 : 1));
  byId("rows").replaceChildren(...sorted.slice(0, drawn).map(tableRow));
  byId("more-rows").hidden = rows.length <= drawn;
  byId("more-rows").textContent = `Show more: ${count(rows.length - drawn)} are left`;
}

function compare(a, b) {
  const [left, right] = [a[order.key], b[order.key]];
  if (left === undefined || right === undefined) return (left === undefined) - (right === undefined);
  return typeof left === "number" ? left - right : left.localeCompare(right);
}

function tableRow(row) {
  const excerpt = row.text.slice(0, 4 * EXCERPT).replace(/\s+/g, " ").trim();
  const cut = excerpt.length > EXCERPT ? `${excerpt.slice(0, EXCERPT)} …` : excerpt;
  const open = element("button", { type: "button", className: "excerpt", title: "See why" }, cut);
  open.addEventListener("click", () => openText(row.text));
  const cells = [element("td", { className: "number" }, count(row.number)), element("td", {}, open)];
  if (row.error === undefined) {
    const chance = element("td", { className: "chance" });
    if (row.label !== undefined) chance.append(bar("", row.probability, percent(row.probability), "div"));
    cells.push(element("td", {}, row.label ?? "–"), chance);
  } else {
    cells.push(element("td", { colSpan: 2 }, row.error));
  }
  return element("tr", {}, ...cells);
}

function sortBy(header) {
  const key = header.dataset.key;
  order = { key, descending: order.key === key && !order.descending };
  for (const it of header.parentElement.children) it.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", order.descending ? "descending" : "ascending");
  draw();
}

function stopOrGoOn() {
  if (running) running.abort();
  else run();
}

let openText;

// `open` shows one of the texts in the first view.
export function startSeveral(open) {
  openText = open;
  byId("classify-all").addEventListener("click", () => {
    const texts = lines(byId("lines").value).filter((line) => /\S/.test(line));
    if (texts.length > 0) classifyAll(texts);
    else say("There is no text yet: paste some, one a line.");
  });
  byId("stop").addEventListener("click", stopOrGoOn);
  byId("more-rows").addEventListener("click", () => {
    drawn += DRAWN;
    draw();
  });
  for (const header of byId("outcome").querySelectorAll("th")) {
    header.querySelector("button").addEventListener("click", () => sortBy(header));
  }
  const labelled = () => rows.filter((row) => row.label !== undefined);
  byId("as-csv").addEventListener("click", () => download("labels.csv", csv(labelled())));
  byId("as-json-lines").addEventListener("click", () => download("labels.jsonl", jsonLines(labelled())));
}
