// The first view: a text, its label, and why. Texts are only ever set as text.

import { byId, count, element, percent, setBar, signed } from "./elements.js";
import { ask, ServiceError } from "./service.js";
import { snippets } from "./snippets.js";
import { knownWords, wordMarker } from "./words.js";

const LISTED = 8;
// Terms that the service lists at most, for the label and against it.
const MOST_TERMS = 1000;
// Less than these make a label unsure: its calibrated probability, and the share of known words.
const SURE = 0.6;
const FAMILIAR = 0.7;
// Characters of a text that are marked at a time, and of a snippet that are shown: a page of a
// hundred thousand elements answers no click.
const PIECE = 20_000;
const SNIPPET = 2_000;

const text = byId("text");

// A slow answer must not replace that of a later question.
let latest = 0;

export async function predict() {
  const asked = text.value;
  const turn = ++latest;
  const waiting = showWaiting();
  try {
    const found = await ask(`/prediction?scores=true&explain=${MOST_TERMS}`, { text: asked });
    if (turn === latest) show(asked, found);
  } catch (error) {
    if (turn === latest) fail(error);
  } finally {
    waiting.end(turn === latest);
  }
}

function showWaiting() {
  const started = Date.now();
  byId("verdict").classList.add("waiting");
  byId("predict").setAttribute("aria-disabled", "true");
  byId("timing").textContent = "Classifying …";
  const timer = setInterval(() => {
    byId("timing").textContent = `Still waiting for the service: ${Math.round((Date.now() - started) / 1000)} s`;
  }, 1000);
  return {
    end(isLatest) {
      clearInterval(timer);
      if (!isLatest) return;
      byId("verdict").classList.remove("waiting");
      byId("predict").removeAttribute("aria-disabled");
    },
  };
}

function show(asked, { answer, elapsed, timing }) {
  byId("failure").hidden = true;
  const doubts = doubtsOf(asked, answer);
  setLabel(answer.label, doubts.length > 0);
  byId("doubts").textContent = doubts.join(" ");
  for (const bar of byId("scores").children) {
    const score = answer.scores[bar.dataset.label];
    setBar(bar, score ?? 0, score === undefined ? "–" : percent(score));
    bar.classList.toggle("best", bar.dataset.label === answer.label);
  }
  byId("timing").textContent = describeTiming(elapsed, timing);
  explain(asked, answer.label, answer.explanation);
  showSnippet(asked);
}

function setLabel(label, isUnsure = false) {
  byId("label").textContent = label ?? "no label";
  byId("label").classList.toggle("none", label === undefined);
  byId("label").classList.toggle("unsure", isUnsure);
}

// Sentences on why the label may be wrong; none where it can be believed.
function doubtsOf(asked, { scores, explanation }) {
  const doubts = [];
  const ranked = Object.entries(scores).sort(([, a], [, b]) => b - a);
  const [likeliest, next] = ranked.map(([label, score]) => `${label} with ${percent(score)}`);
  if (ranked[0][1] < SURE) doubts.push(`Unsure: ${likeliest} is the likeliest, followed by ${next}.`);
  const sides = [explanation.supporting.length, explanation.opposing.length];
  // A list that is cut, or of a model that explains nothing, does not show which words are known.
  if (Math.max(...sides) === MOST_TERMS || Math.max(...sides) === 0) return doubts;
  const { known, all } = knownWords(asked, explanation);
  if (known < FAMILIAR * all) {
    doubts.push(`The model knows ${known} of ${all} words: the text may be in another language, or about something else.`);
  }
  return doubts;
}

function fail(error) {
  const isOurs = !(error instanceof ServiceError);
  if (isOurs) console.error(error);
  byId("error").textContent = isOurs ? "This page failed to show the answer. Reload it, and try again." : error.message;
  byId("failure").hidden = false;
  setLabel(undefined);
  byId("doubts").textContent = "";
  byId("timing").textContent = "";
  for (const bar of byId("scores").children) {
    setBar(bar, 0, "–");
    bar.classList.remove("best");
  }
  byId("why").hidden = true;
  byId("code").hidden = true;
}

function explain(asked, label, explanation) {
  byId("why").hidden = false;
  byId("why-label").textContent = label;
  byId("marked").replaceChildren();
  markFrom(0, asked, wordMarker(explanation));
  for (const side of ["supporting", "opposing"]) {
    const heard = explanation[side].filter(({ weight }) => Math.abs(weight) >= 0.005);
    const listed = heard.slice(0, LISTED).map(({ term, weight }) =>
      element("li", {}, element("span", {}, term), element("span", { className: "figure" }, signed(weight))),
    );
    byId(side).replaceChildren(...(listed.length ? listed : [element("li", {}, "no word of the text")]));
  }
}

// Marks one piece of the text, and offers the next.
function markFrom(start, asked, mark) {
  const end = start + pieceLength(asked.slice(start, start + PIECE + 1000));
  for (const node of mark(asked.slice(start, end))) byId("marked").append(node);
  const left = asked.length - end;
  byId("more").hidden = left === 0;
  byId("more").textContent = `Mark more of the text: ${count(left)} characters are left`;
  byId("more").onclick = () => markFrom(end, asked, mark);
}

// To the end of a word where there is one within reach, and never within a character.
function pieceLength(ahead) {
  if (ahead.length <= PIECE) return ahead.length;
  const blank = ahead.slice(PIECE).search(/\s/);
  if (blank >= 0) return PIECE + blank;
  return /[\uDC00-\uDFFF]/.test(ahead[PIECE]) ? PIECE + 1 : PIECE;
}

function describeTiming(elapsed, header) {
  const stages = [...header.matchAll(/([\w-]+)[^,]*?;\s*dur=([\d.]+)/g)].map(
    ([, name, milliseconds]) => `${name} ${Number(milliseconds).toFixed(2)} ms`,
  );
  return [`${elapsed.toFixed(1)} ms round trip`, ...stages].join(", ");
}

function showSnippet(asked) {
  const draw = () => {
    const whole = snippets[byId("language").value](`${location.origin}/prediction`, asked);
    const isCut = whole.length > SNIPPET;
    byId("snippet").textContent = isCut ? `${whole.slice(0, SNIPPET)} …` : whole;
    byId("cut").hidden = !isCut;
    byId("copy").onclick = () => copy(whole);
  };
  draw();
  byId("language").onchange = draw;
  byId("code").hidden = false;
}

async function copy(whole) {
  try {
    await navigator.clipboard.writeText(whole);
    byId("copy").textContent = "Copied";
  } catch {
    // Without leave to write to the clipboard, the code is selected, to be copied by hand.
    byId("snippet").textContent = whole;
    byId("cut").hidden = true;
    getSelection().selectAllChildren(byId("snippet"));
    byId("copy").textContent = "Selected";
  }
  setTimeout(() => (byId("copy").textContent = "Copy"), 2000);
}

function countCharacters() {
  // As the service counts: code points, not UTF-16 units.
  let characters = 0;
  for (const _ of text.value) characters += 1;
  byId("length").textContent = `${count(characters)} ${characters === 1 ? "character" : "characters"}`;
}

export function classify(given) {
  text.value = given;
  countCharacters();
  predict();
}

export function startClassify() {
  for (const chip of document.querySelectorAll("[data-text]")) {
    chip.addEventListener("click", () => classify(chip.dataset.text));
  }
  text.addEventListener("input", countCharacters);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      predict();
    }
  });
  byId("predict").addEventListener("click", predict);
  byId("retry").addEventListener("click", predict);
  countCharacters();
}
