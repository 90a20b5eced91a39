// Every state a request can stand in. A new one needs a line here, and a symbol and a tone to be recognised by.
export const STATES = {
  queued: { open: true, says: "in the queue, not taken yet" },
  delivered: { open: true, says: "in the hands of the worker" },
  waiting: { open: true, says: "accepted, and held back: a limit, or a pause" },
  creating: { open: true, says: "CreateInstance is called" },
  pending: { open: true, says: "the instance exists and is being made" },
  starting: { open: true, says: "the instance is starting" },
  releasing: { open: true, says: "given up, the instance is being released" },
  completed: { open: false, says: "the instance is ready" },
  failed: { open: false, says: "no instance that can be used" },
  refused: { open: false, says: "the message did not become a request" },
};
const UNKNOWN = { open: true, says: "a state that this page does not know" };

// The stations that are shown, in the order a request passes them; a quiet one only while somebody stands there.
export const STATIONS = [
  { name: "all", holds: () => true },
  { name: "open", holds: (state) => stateOf(state).open },
  { name: "queued", holds: (state) => state === "queued" || state === "delivered", way: true },
  ...["waiting", "creating", "pending", "starting", "releasing"].map((name) => (
    { name, holds: (state) => state === name, way: true, quiet: name === "waiting" || name === "releasing" })),
  ...["completed", "failed", "refused"].map((name) => ({ name, holds: (state) => state === name })),
];

export function stateOf(name) {
  return STATES[name] ?? UNKNOWN;
}

// The class that gives something a state's colour; what is no state has the page's own.
export function toneOf(name) {
  return `tone ${name in STATES ? name : "step"}`;
}
