// Stock and quota: what limits there are, how much of each is used, and setting them.
import { curlButton, make, post, say } from "./call.js";
import { at, cells, element, icon, outside, redraw } from "./element.js";

const PATH = "/_local/config";
const KINDS = { stock: "stock", quotas: "quota" };

export class Stock {
  #config = { stock: {}, quotas: {} };
  #places = [];

  constructor(requests) {
    this.requests = requests;
    at("limit-form").addEventListener("submit", (event) => { event.preventDefault(); this.#send(this.#set()); });
    at("limit-form").addEventListener("focusin", () => this.#offer());
    at("limit-curl").append(curlButton("set this limit", () => this.#set()));
  }

  draw(config, places) {
    this.#config = config ?? this.#config;
    this.#places = places ?? this.#places;
    const rows = Object.keys(KINDS).flatMap((kind) => entries(this.#config[kind]).map((entry) => this.#row(kind, ...entry)));
    at("limits").hidden = !rows.length;
    redraw(at("limits").tBodies[0], ...rows);
  }

  #row(kind, zone, type, limit) {
    const used = this.#places.filter(([z, t]) => [z, "*"].includes(zone) && [t, "*"].includes(type)).reduce((all, [, , number]) => all + number, 0);
    const what = `${KINDS[kind]} of ${type} in ${zone}`;
    const button = element("button", { type: "button", class: "quiet", "aria-label": `Remove the ${what.slice(0, 120)}` }, "Remove");
    button.addEventListener("click", () => this.#send(this.#without(kind, zone, type)));
    const much = element("span", {}, `${used} of ${limit}`);
    if (used >= limit) much.append(element("br"), element("b", { class: "word failed" }, icon("refused"), " full"));
    const line = curlButton(`remove the ${what.slice(0, 120)}`, () => this.#without(kind, zone, type));
    return cells(KINDS[kind], element("span", {}, outside(zone), element("br"), outside(type)), much, element("span", { class: "both" }, button, line));
  }

  #set() {
    const kind = at("limit-kind").value;
    const [zone, type] = [at("limit-zone").value.trim(), at("limit-type").value.trim()];
    const limits = this.#config[kind];
    return post(PATH, { [kind]: { ...limits, [zone]: { ...limits[zone], [type]: Math.floor(Number(at("limit-number").value)) } } });
  }

  #without(kind, zone, type) {
    const left = entries(this.#config[kind]).filter(([z, t]) => z !== zone || t !== type);
    const limits = {};
    for (const [z, t, number] of left) limits[z] = { ...limits[z], [t]: number };
    return post(PATH, { [kind]: limits });
  }

  async #send(call) {
    const { ok, error } = await make(call);
    if (ok) say(at("limit-said"), "completed", "Set.");
    else say(at("limit-said"), "failed", outside(error));
  }

  #offer() {
    const options = (names) => ["*", ...names].map((name) => element("option", { value: name }));
    at("zones").replaceChildren(...options(this.requests.seen("zone")));
    at("types").replaceChildren(...options(this.requests.seen("type")));
  }
}

function entries(limits) {
  return Object.entries(limits ?? {}).flatMap(([zone, types]) => Object.entries(types).map(([type, number]) => [zone, type, number]));
}
