// The timeline of one request: every step with its time, what an error in it means, and how long each part took.
import { at, clock, element, icon, lasting, outside } from "./element.js";
import { meaning } from "./errors.js";
import { appear } from "./motion.js";
import { toneOf } from "./states.js";

const BAD = new Set(["error", "refused", "buried", "unacknowledged", "gone"]);
const SIGNS = { enqueued: "queued", start: "starting", ended: "decided", deferred: "open", unacknowledged: "error" };
// The parts of the way: the state one stands in, and the kinds of steps that begin it.
const PARTS = [["queued", ["enqueued"]], ["creating", ["called"]], ["pending", ["created"]], ["starting", ["start"]], ["releasing", ["decided"]]];
const ENDS = ["running", "ended", "published", "refused"];
const LEAST = 0.005;
let drawn = { id: null, last: 0 };

export function drawTimeline(request) {
  const before = drawn.id === request.id ? drawn.last : Infinity;
  const told = new Set();
  at("timeline").replaceChildren(...request.steps.map((step) => line(step, request, told)));
  request.steps.forEach((step, place) => { if (step.n > before) appear(at("timeline").children[place]); });
  drawn = { id: request.id, last: Math.max(0, ...request.steps.map((step) => step.n)) };
}

export function forgetTimeline() {
  at("timeline").replaceChildren();
  drawn = { id: null, last: 0 };
}

function line(step, request, told) {
  const bad = BAD.has(step.kind) || ((step.kind === "published" || step.kind === "ended") && step.error);
  const tone = bad ? toneOf("failed") : step.kind === "published" ? toneOf("completed") : "tone step";
  const item = element("li", { class: tone, "data-kind": step.kind }, icon(SIGNS[step.kind] ?? step.kind),
    element("span", { class: "when", title: clock(step.at) }, `+${(step.at - request.firstAt).toFixed(2)} s`),
    element("strong", {}, step.title), " ", outside(step.text));
  // The end repeats the code that led to it: what it means is said once.
  const repeats = (step.kind === "published" || step.kind === "ended") && told.has(step.error?.code);
  if (step.error && !repeats) item.append(meaning(step.error, step.kind === "refused" ? request.violations : []));
  told.add(step.error?.code);
  return item;
}

// A bar of the parts of the way, as wide as they took; the open end of an open request grows.
export function drawTrack(request, open, now) {
  const box = at("track");
  const began = PARTS.map(([state, kinds]) => [state, request.steps.find((step) => kinds.includes(step.kind))?.at]).filter(([, at]) => at !== undefined);
  began.sort((a, b) => a[1] - b[1]);
  const ended = request.steps.findLast((step) => ENDS.includes(step.kind))?.at ?? request.changedAt;
  const end = open ? now : ended;
  const all = Math.max(LEAST, end - request.firstAt);
  const parts = began.map(([state, from], place) => ({ state, took: Math.max(0, (began[place + 1]?.[1] ?? end) - from) }));
  box.hidden = !parts.length;
  box.setAttribute("aria-label", parts.map(({ state, took }) => `${state} ${lasting(took)}`).join(", "));
  if (box.children.length !== parts.length || parts.some(({ state }, place) => box.children[place].dataset.state !== state)) {
    box.replaceChildren(...parts.map(({ state }) => element("div", { class: toneOf(state), "data-state": state }, element("i"), element("span", {}, icon(state), element("b", {}, state), " ", element("span")))));
  }
  parts.forEach(({ took }, place) => {
    box.children[place].style.flexGrow = String(Math.max(0.02, took / all));
    box.children[place].lastElementChild.lastElementChild.textContent = lasting(took);
  });
}
