// Dead letters: what is inside each, and sending it again.
import { curlButton, get, make, post, say } from "./call.js";
import { at, clock, element, outside, redraw } from "./element.js";
import { pretty } from "./json.js";
import { hashOf } from "./route.js";

const PATH = "/_local/dead-letters";
// How many are shown: a page of thousands is no page.
const MOST = 50;

export class Letters {
  #number = -1;

  // The feed tells how many there are; what is inside is asked for when that changes.
  async draw(number) {
    if (number === this.#number) return;
    this.#number = number;
    await this.#load();
  }

  async #load() {
    if (!this.#number) { this.#show([]); return; }
    const { ok, data, error } = await make(get(PATH));
    if (ok) { this.#show(data); return; }
    this.#number = -1;
    say(at("letters-said"), "failed", outside(error));
  }

  #show(letters) {
    const shown = letters.slice(0, MOST);
    const more = letters.length > MOST ? [element("p", { class: "muted" }, `${letters.length - MOST} more, newer ones: seen once these are gone. "Replay all" is for all of them.`)] : [];
    const all = letters.length > 1 ? [element("div", { class: "row-of" }, ...this.#replay("Replay all", "Replay all dead letters", PATH))] : [];
    const none = element("p", { class: "hollow" }, "None: every message was handled.");
    redraw(at("letters-list"), ...(letters.length ? [...all, ...shown.map((letter) => this.#letter(letter)), ...more] : [none]));
  }

  #letter({ id, at: since, messages }) {
    const ids = messages.map(({ requestId }) => (requestId ? element("a", { href: hashOf(requestId) }, outside(requestId)) : element("span", {}, "no request id")));
    const shown = messages.map(({ message }) => (typeof message === "string" ? element("p", { class: "muted" }, message) : element("pre", { tabindex: "0", "aria-label": "the message" }, pretty(JSON.stringify(message)))));
    return element("article", { class: "letter", "data-id": id },
      element("p", {}, ...ids.flatMap((one) => [one, " "]), element("span", { class: "muted" }, `since ${clock(since)}`)),
      element("details", {}, element("summary", {}, "What is inside"), ...shown),
      element("div", { class: "row-of" }, ...this.#replay("Replay", `Replay dead letter ${id}`, `${PATH}/${encodeURIComponent(id)}`)));
  }

  #replay(label, what, path) {
    const button = element("button", { type: "button", "aria-label": what }, label);
    button.addEventListener("click", async () => {
      const { ok, data, error } = await make(post(path));
      if (ok) say(at("letters-said"), "completed", `Sent again: ${data.messageIds.length} ${data.messageIds.length === 1 ? "message" : "messages"}.`);
      else say(at("letters-said"), "failed", outside(error));
      await this.#load();
    });
    return [button, curlButton(what, () => post(path))];
  }
}
