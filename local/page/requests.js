// All requests the feed told of, newest first, and which of them are wanted.
const OPEN = new Set(["queued", "delivered", "waiting", "creating", "pending", "starting", "releasing"]);
export const GROUPS = {
  all: () => true,
  open: (request) => OPEN.has(request.state),
  completed: (request) => request.state === "completed",
  failed: (request) => request.state === "failed",
  refused: (request) => request.state === "refused",
};

export class Requests {
  #byId = new Map();
  #order = [];

  get(id) { return this.#byId.get(id); }

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

  counts() {
    const counts = Object.fromEntries(Object.keys(GROUPS).map((name) => [name, 0]));
    for (const request of this.#order) for (const name in GROUPS) if (GROUPS[name](request)) counts[name] += 1;
    return counts;
  }

  wanted(group, words) {
    const text = words.trim().toLowerCase();
    const has = (request) => [request.id, request.instance, request.outcomeError?.code].some((value) => value?.toLowerCase().includes(text));
    return this.#order.filter((request) => GROUPS[group](request) && (!text || has(request)));
  }
}
