// Small helpers: text is always set as text, never as markup.
const SVG = "http://www.w3.org/2000/svg";
const LONGEST = 400;
const NOWHERE = "no answer";
// Characters that turn the text around them, or that nobody sees. An isolate does not hold them: it can be ended inside.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

export const at = (id) => document.getElementById(id);

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function icon(name, more = "") {
  const made = document.createElementNS(SVG, "svg");
  made.setAttribute("class", `icon ${more}`);
  made.setAttribute("aria-hidden", "true");
  made.append(document.createElementNS(SVG, "use"));
  turnTo(made, name);
  return made;
}

// Show another symbol; one that the page does not have is shown as unknown.
export function turnTo(drawn, name) {
  const href = `#i-${at(`i-${name}`) ? name : "unknown"}`;
  if (drawn.firstElementChild.getAttribute("href") !== href) drawn.firstElementChild.setAttribute("href", href);
}

// Show every character: those that turn or hide text as their escapes.
export function visible(text) {
  return text.replace(UNSEEN, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

// Text of a stranger: it cannot turn its neighbours around, and very much of it is cut.
export function outside(value) {
  const text = String(value ?? "");
  return element("bdi", {}, visible(text.length > LONGEST ? `${text.slice(0, LONGEST)} … (${text.length} characters)` : text));
}

// A code as it is shown: where no answer came there is none.
export function codeOf(error) {
  return !error?.code || error.code === "NoAnswer" ? NOWHERE : error.code;
}

export function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour12: false });
}

// A length of time: 0.42 s, 12 s, 3 min 05 s, 2 h 04 min.
export function lasting(seconds) {
  const all = Math.max(0, seconds);
  if (all < 10) return `${all.toFixed(all < 1 ? 2 : 1)} s`;
  if (all < 60) return `${Math.floor(all)} s`;
  const two = (number) => String(Math.floor(number)).padStart(2, "0");
  if (all < 3600) return `${Math.floor(all / 60)} min ${two(all % 60)} s`;
  return `${Math.floor(all / 3600)} h ${two((all % 3600) / 60)} min`;
}

export function cells(...values) {
  return element("tr", {}, ...values.map((value) => element("td", typeof value === "number" ? { class: "number" } : {},
    value instanceof Node ? value : outside(value))));
}

// Draw a box anew. Who stands in it with the keyboard stays where they are, or as near as what is left allows.
export function redraw(box, ...nodes) {
  const standing = box.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
  box.replaceChildren(...nodes);
  if (standing === null) return;
  const same = [...box.querySelectorAll("[aria-label]")].find((one) => one.getAttribute("aria-label") === standing);
  (same ?? box.querySelector("button") ?? box.closest("[data-tab]")?.querySelector("button, input"))?.focus();
}

export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
