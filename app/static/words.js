// Finds the model's terms in a text again, and marks them by how much they counted.

import { element, signed } from "./elements.js";

// A word, with what may hold it together: apostrophes, hyphens, the dots and @ of an address.
const COMPOUND = /[\p{L}\p{M}\p{N}_]+(?:['’.@-][\p{L}\p{M}\p{N}_]+)*/gu;
const SIMPLE = /[\p{L}\p{M}\p{N}_]+/gu;

// Share of the strongest word's weight from which on a word is marked, in four degrees. Below the
// first it is left plain: where every word is marked, none is.
const DEGREES = [0.05, 0.15, 0.35, 0.7];

// Returns a function from a piece of the text to its nodes: strings, and words that are marked.
export function wordMarker(explanation) {
  const weights = weightsOf(explanation);
  const strongest = Math.max(...[...weights.values()].map(Math.abs));
  return (text) =>
    wordsOf(text, weights).map(({ piece, weight }) => (weight === undefined ? piece : mark(piece, weight, strongest)));
}

// How many words the text has, each occurrence counted, and how many of them the model knows.
export function knownWords(text, explanation) {
  const words = wordsOf(text, weightsOf(explanation)).filter(({ isWord }) => isWord);
  return { known: words.filter(({ weight }) => weight !== undefined).length, all: words.length };
}

function weightsOf(explanation) {
  return new Map([...explanation.supporting, ...explanation.opposing].map(({ term, weight }) => [term, weight]));
}

// The text in pieces: what lies between words, and words with their weight where there is one.
function wordsOf(text, weights) {
  return pieces(text, COMPOUND).flatMap((found) => {
    if (!found.isWord) return [found];
    const whole = weightOf(found.piece, weights);
    if (whole !== undefined) return [{ ...found, weight: whole }];
    // The model may have split what is written as one, such as a well-known address.
    return pieces(found.piece, SIMPLE).map((part) => ({ ...part, weight: part.isWord ? weightOf(part.piece, weights) : undefined }));
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
  return element("span", { className: `${weight > 0 ? "for" : "against"} w${degree}`, title: signed(weight) }, word);
}
