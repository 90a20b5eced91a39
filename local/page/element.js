// Small helpers: text is always set as text, never as markup.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour12: false });
}

export function cells(...values) {
  return element("tr", {}, ...values.map((value) => element("td", typeof value === "number" ? { class: "number" } : {}, String(value))));
}
