// What is around the views: the tabs, and files that are dropped anywhere.

import { classify, startClassify } from "./classify.js";
import { byId } from "./elements.js";
import { FileError, readTexts } from "./files.js";
import { startMetrics, stopMetrics } from "./metrics.js";
import { classifyAll, fail, say, startSeveral } from "./several.js";

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

// Files

async function receive(files) {
  try {
    const texts = (await Promise.all([...files].map(readTexts))).flat();
    if (texts.length === 1) {
      openText(texts[0]);
    } else {
      select(byId("tab-several"));
      classifyAll(texts);
    }
  } catch (error) {
    select(byId("tab-several"));
    if (error instanceof FileError) say(error.message);
    else fail(error);
  }
}

function openText(text) {
  select(byId("tab-classify"));
  classify(text);
}

const hasFiles = (event) => event.dataTransfer.types.includes("Files");

// Without this the browser leaves the page for the file.
addEventListener("dragover", (event) => {
  if (hasFiles(event)) event.preventDefault();
});
addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  receive(event.dataTransfer.files);
});
byId("file").addEventListener("change", (event) => {
  receive(event.target.files);
  // So that the same file can be chosen again.
  event.target.value = "";
});

for (const tab of tabs) {
  tab.addEventListener("click", () => select(tab));
  tab.addEventListener("keydown", moveFocus);
}
document.addEventListener("visibilitychange", watchMetrics);

startClassify();
startSeveral(openText);
const wanted = tabs.find((tab) => location.hash === `#${tab.getAttribute("aria-controls")}`);
if (wanted) select(wanted);
