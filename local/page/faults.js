// Faults: switches for the usual ones, and everything that waits for its calls, each to be removed.
import { curlButton, get, make, post, remove, say } from "./call.js";
import { at, element, outside, redraw } from "./element.js";
import { appear } from "./motion.js";

const TIMES = 1_000_000;

export class Faults {
  #pending = [];
  #presets = [];
  #seen = new Set();

  constructor(counted) {
    this.counted = counted;
    this.#load();
  }

  async #load() {
    const { ok, data, error } = await make(get("/_page/faults.json"));
    if (!ok) { say(at("faults-said"), "failed", `The switches cannot be had: ${error} Load the page again.`); return; }
    this.#presets = data.map((preset) => ({ ...preset, button: this.#switch(preset) }));
    this.draw(this.#pending);
  }

  draw(pending) {
    this.#pending = pending;
    for (const { fault, button } of this.#presets) button.setAttribute("aria-checked", String(pending.some((one) => same(one, fault))));
    const lines = pending.map((fault) => this.#line(fault));
    const all = remove("/_local/faults");
    const last = lines.length > 1 ? [element("li", {}, element("span"), this.#do("Remove all", "Remove all faults", all), curlButton("remove all faults", () => all))] : [];
    redraw(at("waiting"), ...(lines.length ? [...lines, ...last] : [element("li", { class: "muted" }, "none")]));
    pending.forEach(({ id }, place) => { if (!this.#seen.has(id)) appear(lines[place]); });
    this.#seen = new Set(pending.map(({ id }) => id));
    this.counted(pending.length);
  }

  #switch({ label, fault }) {
    const button = element("button", { type: "button", role: "switch", "aria-checked": "false" }, label);
    button.addEventListener("click", () => this.#turn(fault));
    at("switches").append(element("li", {}, button, curlButton(label, () => this.#calls(fault)[0])));
    return button;
  }

  // The calls that turn a fault over: one that adds it, or one for each that waits.
  #calls(fault) {
    const on = this.#pending.filter((one) => same(one, fault));
    if (on.length) return on.map(({ id }) => remove(`/_local/faults/${id}`));
    const id = at("fault-request").value.trim();
    return [post("/_local/faults", { ...fault, times: at("fault-once").checked ? 1 : TIMES, ...(id && { match: { requestId: id } }) })];
  }

  async #turn(fault) { this.#tell(await Promise.all(this.#calls(fault).map(make))); }

  #do(label, what, call) {
    const button = element("button", { type: "button", "aria-label": what }, label);
    button.addEventListener("click", async () => this.#tell([await make(call)]));
    return button;
  }

  #tell(answers) {
    const failed = answers.find(({ ok }) => !ok);
    if (failed) say(at("faults-said"), "failed", outside(failed.error));
    else say(at("faults-said"));
  }

  #line(fault) {
    const call = remove(`/_local/faults/${fault.id}`);
    const what = words(fault).slice(0, 120);
    return element("li", {}, element("span", {}, outside(words(fault))), this.#do("Remove", `Remove ${what}`, call), curlButton(`remove ${what}`, () => call));
  }
}

function same(pending, fault) {
  return pending.service === fault.service && pending.action === fault.action
    && pending.effect === fault.effect && pending.error?.code === fault.error?.code;
}

function words(fault) {
  const what = fault.error ? `${fault.error.status} ${fault.error.code}` : fault.effect;
  const whose = fault.match ? ` for ${fault.match.requestId}` : "";
  const often = fault.times >= TIMES / 2 ? "" : `, ${fault.times === 1 ? "once" : `${fault.times} times`}`;
  return `${fault.service}.${fault.action}: ${what}${whose}${often}`;
}
