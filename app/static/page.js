// The page's tabs: https://www.w3.org/WAI/ARIA/apg/patterns/tabs/

import { startClassify } from "./classify.js";
import { byId } from "./elements.js";
import { startMetrics, stopMetrics } from "./metrics.js";

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

for (const tab of tabs) {
  tab.addEventListener("click", () => select(tab));
  tab.addEventListener("keydown", moveFocus);
}
document.addEventListener("visibilitychange", watchMetrics);

startClassify();
if (location.hash === "#metrics") select(byId("tab-metrics"));
