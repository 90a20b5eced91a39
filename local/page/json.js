// JSON as it came, laid out for the eye: not one character of a value is changed, only space is added between them.
import { element } from "./element.js";

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g;
// What would turn the text around or hide in it is shown as its escape.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

export function pretty(text) {
  const made = element("code");
  const tokens = text.match(TOKEN) ?? [];
  let depth = 0;
  tokens.forEach((token, place) => {
    const next = tokens[place + 1];
    if (token === "{" || token === "[") {
      const empty = next === "}" || next === "]";
      depth += 1;
      made.append(token, empty ? "" : line(depth));
    } else if (token === "}" || token === "]") {
      depth -= 1;
      const empty = tokens[place - 1] === "{" || tokens[place - 1] === "[";
      made.append(empty ? "" : line(depth), token);
    } else if (token === ",") made.append(token, line(depth));
    else if (token === ":") made.append(": ");
    else made.append(element("span", { class: kind(token, next) }, escaped(token)));
  });
  return made;
}

const line = (depth) => `\n${"  ".repeat(Math.max(0, depth))}`;

function kind(token, next) {
  if (next === ":") return "name";
  return token.startsWith('"') ? "text" : "other";
}

function escaped(text) {
  return text.replace(UNSEEN, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
