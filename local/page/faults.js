// Faults: switches for the usual ones, and everything that waits for its calls, each to be removed.
import { element } from "./element.js";

const TIMES = 1_000_000;

export class Faults {
  #switches = document.getElementById("switches");
  #waiting = document.getElementById("waiting");
  #request = document.getElementById("fault-request");
  #once = document.getElementById("fault-once");
  #pending = [];
  #presets = [];

  constructor() {
    fetch("/_page/faults.json").then((answer) => answer.json()).then((presets) => {
      this.#presets = presets.map((preset) => ({ ...preset, button: this.#switch(preset) }));
      this.draw(this.#pending);
    });
  }

  draw(pending) {
    this.#pending = pending;
    for (const { fault, button } of this.#presets) button.setAttribute("aria-checked", String(pending.some((one) => same(one, fault))));
    const lines = pending.map((fault) => this.#line(fault));
    this.#waiting.replaceChildren(...(lines.length ? lines : [element("li", { class: "muted" }, "none")]));
  }

  #switch({ label, fault }) {
    const button = element("button", { type: "button", role: "switch", "aria-checked": "false" }, label);
    button.addEventListener("click", () => this.#turn(fault));
    this.#switches.append(element("li", {}, button));
    return button;
  }

  async #turn(fault) {
    const on = this.#pending.filter((one) => same(one, fault));
    if (on.length) return Promise.all(on.map(remove));
    const id = this.#request.value.trim();
    const body = { ...fault, times: this.#once.checked ? 1 : TIMES, ...(id ? { match: { requestId: id } } : {}) };
    return fetch("/_local/faults", { method: "POST", body: JSON.stringify(body) });
  }

  #line(fault) {
    const button = element("button", { type: "button", "aria-label": `Remove ${words(fault)}` }, "Remove");
    button.addEventListener("click", () => remove(fault));
    return element("li", {}, element("span", {}, words(fault)), button);
  }
}

function same(pending, fault) {
  return pending.service === fault.service && pending.action === fault.action
    && pending.effect === fault.effect && pending.error?.code === fault.error?.code;
}

function remove(fault) {
  return fetch(`/_local/faults/${fault.id}`, { method: "DELETE" });
}

function words(fault) {
  const what = fault.error ? `${fault.error.status} ${fault.error.code}` : fault.effect;
  const whose = fault.match ? ` for ${fault.match.requestId}` : "";
  const often = fault.times >= TIMES / 2 ? "" : `, ${fault.times === 1 ? "once" : `${fault.times} times`}`;
  return `${fault.service}.${fault.action}: ${what}${whose}${often}`;
}
