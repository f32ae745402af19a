// The request that asks for a text's label, as code to copy.

// Linux takes at most 128 KiB as one argument of a command.
const MOST_ARGUMENT = 100_000;

export const snippets = { curl, python, javascript };

function curl(url, text) {
  const body = JSON.stringify({ text });
  const argument = quote(body);
  const start = `curl ${quote(url)} \\\n  `;
  if (new TextEncoder().encode(argument).length <= MOST_ARGUMENT) return `${start}-d ${argument}`;
  // JSON is one line here, so no line of it can be the END.
  return `${start}--data-binary @- <<'END'\n${body}\nEND`;
}

// In single quotes a shell takes every character as it is, but the single quote.
const quote = (word) => `'${word.replaceAll("'", "'\\''")}'`;

// A string of JSON is one of Python and of JavaScript too.
function python(url, text) {
  return `import requests

answer = requests.post(${JSON.stringify(url)}, json={"text": ${JSON.stringify(text)}})
print(answer.json()["label"])`;
}

function javascript(url, text) {
  return `const body = JSON.stringify({ text: ${JSON.stringify(text)} });
const answer = await fetch(${JSON.stringify(url)}, { method: "POST", body });
console.log((await answer.json()).label);`;
}
