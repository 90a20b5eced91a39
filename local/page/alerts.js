// What a person has to know at once, whatever they look at: what is the matter, and what to do.
import { at, clock, element, icon, visible, write } from "./element.js";
import { copyButton } from "./call.js";
import { bump } from "./motion.js";

// Every condition sees the world and returns what to say, or nothing. A further one is one more here.
const CONDITIONS = [
  ({ broken }) => broken && {
    tone: "failed", sign: "error", title: "This page has a fault.", text: `What it shows may be old: ${broken}`,
    action: ["Load it again", () => location.reload()],
  },
  ({ link, heardAt, again }) => link === "gone" && {
    tone: "failed", sign: "unplugged", title: "The local cloud does not answer.",
    text: `${seenAt(heardAt)} Start it again, and this page goes on by itself.`,
    command: `provisioner up --keep${portOf()}`, action: ["Try now", again],
  },
  ({ link, heardAt, again }) => link === "interrupted" && {
    tone: "waiting", sign: "unplugged", title: "The feed is interrupted.",
    text: `${seenAt(heardAt)} The local cloud answers; the feed is tried again. If this lasts, close other tabs of this page: a browser opens six at most.`,
    action: ["Try now", again],
  },
  ({ link, worker, waiting, open }) => link === "live" && worker?.state === "gone" && {
    tone: "failed", sign: "stopped", title: "The worker is gone.",
    text: `It was last heard at ${clock(worker.heardAt)}. ${waits(waiting)} ${open} ${open === 1 ? "request is" : "requests are"} open. Nothing is lost: a worker that starts goes on where this one ended.`,
    command: `provisioner run --endpoint ${location.origin}`,
  },
  ({ link, worker, waiting }) => link === "live" && worker?.state === "never" && waiting > 0 && {
    tone: "waiting", sign: "stopped", title: "No worker is running.", text: `${waits(waiting)} Start one:`,
    command: `provisioner run --endpoint ${location.origin}`,
  },
  ({ pause }) => pause && {
    tone: "waiting", sign: "waiting", title: "Buying is paused.",
    text: `Since ${clock(pause.since)}, by ${visible(pause.by)}: ${visible(pause.reason)}. What is accepted meanwhile waits.`,
    command: `provisioner resume --endpoint ${location.origin}`,
  },
  ({ link, letters, show }) => link === "live" && letters > 0 && {
    tone: "waiting", sign: "buried", title: letters === 1 ? "1 dead letter." : `${letters} dead letters.`,
    text: "What is there was tried too often, and is not tried again by itself.", action: ["Look", () => show("Dead letters")],
  },
];

const told = new Map();

// An alert that stays is the same one: only its figures change, and nobody is told of it again.
export function drawAlerts(world) {
  const found = new Map(CONDITIONS.map((condition) => condition(world)).filter(Boolean).map((one) => [one.title, one]));
  for (const [title, { box }] of told) if (!found.has(title)) { box.remove(); told.delete(title); }
  for (const [title, one] of found) {
    if (told.has(title)) { write(told.get(title).text, one.text); continue; }
    const text = element("span", { "aria-live": "off" }, one.text);
    const box = drawn(one, text);
    told.set(title, { box, text });
    at("alerts").append(box);
    bump(box.querySelector(".icon"));
  }
}

function drawn({ tone, sign, title, command, action }, text) {
  const box = element("div", { class: `alert ${tone}` }, icon(sign), element("p", {}, element("b", {}, title), " ", text));
  if (command) box.append(element("span", { class: "command" }, element("code", {}, command), copyButton("the command", () => command)));
  if (action) {
    const button = element("button", { type: "button" }, action[0]);
    button.addEventListener("click", action[1]);
    box.append(button);
  }
  return box;
}

function seenAt(heardAt) {
  return heardAt ? `Shown is what was seen until ${clock(heardAt)}.` : "Nothing was seen yet.";
}

function waits(number) {
  if (!number) return "No message waits.";
  return `${number} ${number === 1 ? "message waits" : "messages wait"} in the queue.`;
}

function portOf() {
  return location.port && location.port !== "4566" ? ` --port ${location.port}` : "";
}
