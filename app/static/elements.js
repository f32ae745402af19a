// Making elements from data: children that are strings become text, never markup.

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

export function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

export function bar(name, share, figure, tag = "li") {
  const made = element(
    tag,
    {},
    element("span", { className: "name" }, name),
    element("span", { className: "track" }, element("span", { className: "fill" })),
    element("span", { className: "figure" }),
  );
  setBar(made, share, figure);
  return made;
}

export function setBar(made, share, figure) {
  // Set on the element: the page's policy forbids style attributes in its source.
  made.querySelector(".fill").style.width = `${100 * share}%`;
  made.querySelector(".figure").textContent = figure;
}

export const byId = (id) => document.getElementById(id);

export const signed = (weight) => `${weight < 0 ? "−" : "+"}${Math.abs(weight).toFixed(2)}`;

export const count = (value) => value.toLocaleString("en");
