// What went in and what came out: the message as it may be shown, the outcomes as a consumer receives them.
import { copyButton, curlButton, get, make } from "./call.js";
import { at, element, outside, redraw } from "./element.js";
import { pretty } from "./json.js";
import { stateOf } from "./states.js";

export class Papers {
  #shown = "";

  constructor() {
    this.request = null;
  }

  // Show a request's papers, where one of them is looked at; asked for only when something changed.
  async draw(request, tab) {
    this.request = request;
    if (tab === "Timeline") return;
    const asked = `${request.id} ${request.changedAt} ${request.steps.length}`;
    if (asked === this.#shown) return;
    this.#shown = asked;
    const { ok, data, error } = await make(get(pathOf(request.id)));
    if (this.request?.id !== request.id) return;
    if (!ok) this.#shown = "";
    this.#outcomes(ok ? data.outcomes : null, error);
    this.#message(ok ? data.message : null, error);
  }

  forget() {
    this.#shown = "";
    this.request = null;
    at("outcome").replaceChildren();
    at("message").replaceChildren();
  }

  #outcomes(bodies, error) {
    if (!bodies) { at("outcome").replaceChildren(failed(error)); return; }
    const open = stateOf(this.request.state).open;
    const none = open ? "No outcome yet: one is published when the request ends." : "The outcome is recorded, and waits to be published.";
    const words = bodies.length > 1 ? "What a consumer receives; about this id more than one outcome was published." : "What a consumer receives, byte for byte when it is copied.";
    redraw(at("outcome"), ...(bodies.length
      ? [element("p", { class: "muted small" }, words), ...bodies.map((body) => paper("the outcome", body, this.request.id))]
      : [element("p", { class: "hollow" }, none)]));
  }

  #message(message, error) {
    if (message === null) { at("message").replaceChildren(error ? failed(error) : element("p", { class: "hollow" }, "The message was not seen: this request began before this cloud did.")); return; }
    if (typeof message === "string") { at("message").replaceChildren(element("p", { class: "hollow" }, `${message}: not shown, they may hold secrets.`)); return; }
    redraw(at("message"), element("p", { class: "muted small" }, "What was sent. Secrets, and values under names that nobody documented, are shown as ***."),
      paper("the message", JSON.stringify(message, null, 2), this.request.id));
  }
}

function paper(what, text, id) {
  return element("div", { class: "paper" },
    element("div", { class: "row-of" }, copyButton(what, () => text), curlButton(`${what} of ${id}`, () => get(pathOf(id)))),
    element("pre", { tabindex: "0", "aria-label": what }, pretty(text)));
}

function failed(error) {
  return element("p", { class: "word failed" }, outside(error));
}

function pathOf(id) {
  // Not as a part of the path: an id may be two dots.
  return `/_local/requests?id=${encodeURIComponent(id)}`;
}
