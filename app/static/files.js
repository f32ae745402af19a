// Texts out of files, and tables of labels into files.

const READERS = { txt: lines, csv: texts, jsonl: objects, eml: (content) => [content], mbox: messages };

// Why a file has no texts to classify, in words for the visitor.
export class FileError extends Error {}

export async function readTexts(file) {
  const read = READERS[file.name.split(".").at(-1).toLowerCase()];
  if (!read) throw new FileError(`${file.name} is not of a form that this page reads: .txt, .csv, .jsonl, .eml or .mbox.`);
  try {
    const found = read(decode(await file.arrayBuffer())).filter((text) => /\S/.test(text));
    if (found.length === 0) throw new FileError("there is no text in it.");
    return found;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new FileError(`${file.name}: ${error.message}`);
  }
}

function decode(bytes) {
  const [first, second] = new Uint8Array(bytes, 0, Math.min(2, bytes.byteLength));
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    // What is not UTF-8 is most often this, and no bytes of it are wrong.
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

export function lines(content) {
  return content.split(/\r\n|\n|\r/);
}

function objects(content) {
  return lines(content).flatMap((line, index) => {
    if (!line.trim()) return [];
    const text = textOf(line);
    if (typeof text !== "string") throw new FileError(`line ${index + 1} is not an object such as {"text": "..."}.`);
    return [text];
  });
}

function textOf(line) {
  try {
    return JSON.parse(line)?.text;
  } catch {
    return undefined;
  }
}

// In an mbox a message starts at a line "From " after an empty one; such lines within it have a ">".
function messages(content) {
  return content.split(/(?:^|\r?\n\r?\n)From [^\n]*\n/).map((message) => message.replace(/^>(>*From )/gm, "$1"));
}

function texts(content) {
  const [header, ...rows] = parseCsv(content);
  const column = header.findIndex((name) => name.trim().toLowerCase() === "text");
  if (column < 0) throw new FileError(`it has no column text; its columns are ${header.join(", ")}.`);
  return rows.map((row) => row[column] ?? "");
}

// RFC 4180, and the semicolons or tabs of spreadsheets elsewhere.
function parseCsv(content) {
  const [first] = lines(content);
  const separator = [",", ";", "\t"].find((it) => first.includes(it)) ?? ",";
  const field = new RegExp(`("[^"]*(?:""[^"]*)*"|[^"${separator}\\r\\n]*)(${separator}|\\r\\n|\\n|\\r|$)`, "y");
  const rows = [[]];
  while (field.lastIndex < content.length) {
    const found = field.exec(content);
    if (!found) throw new FileError(`its row ${rows.length} has a quotation mark that does not belong there.`);
    const [, written, end] = found;
    rows.at(-1).push(written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written);
    if (end !== separator) rows.push([]);
  }
  return rows.filter((row) => row.length > 0);
}

const COLUMNS = ["number", "label", "probability", "text"];

export function csv(rows) {
  const quote = (value) => `"${String(value).replaceAll('"', '""')}"`;
  return [COLUMNS, ...rows.map((row) => COLUMNS.map((name) => row[name]))]
    .map((values) => `${values.map(quote).join(",")}\r\n`)
    .join("");
}

export function jsonLines(rows) {
  return rows.map((row) => `${JSON.stringify(row, COLUMNS)}\n`).join("");
}

export function download(name, content) {
  const address = URL.createObjectURL(new Blob([content]));
  Object.assign(document.createElement("a"), { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
