// A call of the local cloud: made from here, or shown as the line that makes it on a terminal. One says what the other does.
import { at, element, icon } from "./element.js";

const SECONDS = 10_000;

export const get = (path) => ({ method: "GET", path });
export const post = (path, body) => ({ method: "POST", path, body: typeof body === "string" ? body : body && JSON.stringify(body) });
export const remove = (path) => ({ method: "DELETE", path });

// Make a call. Nothing is thrown: `ok`, `status`, `data`, and in `error` the words for a person where it is not ok.
export async function make({ method, path, body }) {
  let answer, text;
  try {
    answer = await fetch(path, { method, body, signal: AbortSignal.timeout(SECONDS) });
    text = await answer.text();
  } catch {
    const unsure = method === "GET" ? "" : " Whether this was done is not known.";
    return { ok: false, status: 0, data: null, error: `The local cloud does not answer.${unsure}` };
  }
  let data = null;
  try { data = JSON.parse(text); } catch { /* an answer without JSON has no data */ }
  const words = data?.error ?? `the local cloud answered ${answer.status}`;
  return { ok: answer.ok, status: answer.status, data, error: answer.ok ? null : words };
}

// The same as a line for a shell.
export function curl({ method, path, body }) {
  const how = method === "GET" || (method === "POST" && body !== undefined) ? "" : `-X ${method} `;
  const sent = body === undefined ? "" : `--data-raw ${quoted(body)} `;
  return `curl ${how}${sent}${quoted(location.origin + path)}`;
}

function quoted(text) {
  return /^[\w./:@%=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

// A button that shows the line of a call as it stands when it is pressed; `label` is what is seen of it, a part of `what`.
export function curlButton(what, call, label = "curl") {
  const button = element("button", { type: "button", class: "quiet", "aria-label": `The curl line: ${what}`, title: `curl: ${what}` }, icon("terminal"), element("span", {}, label));
  button.addEventListener("click", () => {
    const line = curl(call());
    at("curl-what").textContent = what;
    at("curl-line").textContent = line;
    at("curl-do").replaceChildren(copyButton("the line", () => line), closeButton());
    at("curl").showPopover();
    at("curl-do").firstElementChild.focus();
  });
  return button;
}

function closeButton() {
  const button = element("button", { type: "button" }, "Close");
  button.addEventListener("click", () => at("curl").hidePopover());
  return button;
}

// A button that copies a text, and says whether it did.
export function copyButton(what, text) {
  const said = element("span", { role: "status" }, "Copy");
  const button = element("button", { type: "button", class: "quiet", "aria-label": `Copy ${what}` }, icon("copy"), said);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text());
      said.textContent = "Copied";
    } catch {
      said.textContent = "The browser refuses: mark the text and copy it";
    }
    setTimeout(() => { said.textContent = "Copy"; }, 2500);
  });
  return button;
}

// Say beside a control what came of it; nothing where all is as it shows.
export function say(node, tone, ...words) {
  node.replaceChildren(...(words.length ? [element("p", { class: `word ${tone}` }, ...words)] : []));
}
