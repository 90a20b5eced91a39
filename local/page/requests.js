// All requests the feed told of, newest first, and which of them are wanted.
import { STATIONS } from "./states.js";

export class Requests {
  #byId = new Map();
  #order = [];

  get(id) { return this.#byId.get(id); }

  get newest() { return this.#order[0]; }

  clear() { this.#byId.clear(); this.#order = []; }

  // Take changes in: what a request says of itself replaces, its steps are added.
  take(changed, forgotten) {
    let added = forgotten.length > 0;
    for (const id of forgotten) this.#byId.delete(id);
    for (const change of changed) {
      const known = this.#byId.get(change.id);
      if (!known) { this.#byId.set(change.id, change); added = true; continue; }
      const seen = new Set(known.steps.map((step) => step.n));
      const steps = [...known.steps, ...change.steps.filter((step) => !seen.has(step.n))];
      steps.sort((a, b) => a.at - b.at || a.n - b.n);
      Object.assign(known, change, { steps });
    }
    if (added) this.#order = [...this.#byId.values()].sort((a, b) => b.firstAt - a.firstAt || (a.id < b.id ? 1 : -1));
  }

  // How many stand at each station.
  counts() {
    const states = new Map();
    for (const { state } of this.#order) states.set(state, (states.get(state) ?? 0) + 1);
    const sum = (holds) => [...states].reduce((all, [state, number]) => all + (holds(state) ? number : 0), 0);
    return Object.fromEntries(STATIONS.map(({ name, holds }) => [name, sum(holds)]));
  }

  wanted(station, words) {
    const { holds } = STATIONS.find(({ name }) => name === station);
    const text = words.trim().toLowerCase();
    const has = (request) => [request.id, request.instance, request.outcomeError?.code].some((value) => value?.toLowerCase().includes(text));
    return this.#order.filter((request) => holds(request.state) && (!text || has(request)));
  }

  // What a person may want to be offered: zones and types that were seen.
  seen(name) { return [...new Set(this.#order.map((request) => request[name]).filter(Boolean))].sort(); }
}
