// JSON as it came, laid out for the eye: not one character of a value is changed, only space is added between them.
import { element, visible } from "./element.js";

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g;

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
    else made.append(element("span", { class: kind(token, next) }, visible(token)));
  });
  return made;
}

const line = (depth) => `\n${"  ".repeat(Math.max(0, depth))}`;

function kind(token, next) {
  if (next === ":") return "name";
  return token.startsWith('"') ? "text" : "other";
}
