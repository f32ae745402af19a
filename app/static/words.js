// Finds the model's terms in a text again, and marks them by how much they counted.

import { element } from "./elements.js";

// A word, with what may hold it together: apostrophes, hyphens, the dots and @ of an address.
const COMPOUND = /[\p{L}\p{M}\p{N}_]+(?:['’.@-][\p{L}\p{M}\p{N}_]+)*/gu;
const SIMPLE = /[\p{L}\p{M}\p{N}_]+/gu;

// Share of the strongest word's weight from which on a word is marked, in four degrees. Below the
// first it is left plain: where every word is marked, none is.
const DEGREES = [0.05, 0.15, 0.35, 0.7];

export function markWords(text, explanation) {
  const weights = new Map(
    [...explanation.supporting, ...explanation.opposing].map(({ term, weight }) => [term, weight]),
  );
  const strongest = Math.max(...[...weights.values()].map(Math.abs));
  return pieces(text, COMPOUND).flatMap(({ piece, isWord }) => {
    if (!isWord) return [piece];
    const whole = weightOf(piece, weights);
    if (whole !== undefined) return [mark(piece, whole, strongest)];
    // The model may have split what is written as one, such as a well-known address.
    return pieces(piece, SIMPLE).map(({ piece: part, isWord: isPart }) => {
      const weight = isPart ? weightOf(part, weights) : undefined;
      return weight === undefined ? part : mark(part, weight, strongest);
    });
  });
}

// A term may be the word in lower case or, with the tokeniser of the committed model, that with
// every digit a 0 and without a final s: "playoffs" is found by the weight of "playoff".
function weightOf(word, weights) {
  const lower = word.toLowerCase();
  const folded = lower.replace(/\p{Nd}/gu, "0").replace(/s$/, "");
  return weights.get(lower) ?? weights.get(folded);
}

function pieces(text, pattern) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    found.push({ piece: text.slice(end, match.index), isWord: false }, { piece: match[0], isWord: true });
    end = match.index + match[0].length;
  }
  found.push({ piece: text.slice(end), isWord: false });
  return found.filter(({ piece }) => piece);
}

function mark(word, weight, strongest) {
  const share = Math.abs(weight) / strongest;
  const degree = DEGREES.filter((start) => share >= start).length;
  if (degree === 0) return word;
  const title = `${weight < 0 ? "−" : "+"}${Math.abs(weight).toFixed(2)}`;
  return element("span", { className: `${weight > 0 ? "for" : "against"} w${degree}`, title }, word);
}
