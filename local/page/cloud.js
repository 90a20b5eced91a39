// The cloud around the requests: calls, queues, instances, warnings.
import { at, cells, clock, element, outside, write } from "./element.js";
import { hashOf } from "./route.js";

const MOST = 8;
const WIDTH = 120;
const HEIGHT = 24;

export function drawCalls(calls) {
  const now = calls.seconds.at(-1);
  const most = Math.max(4, ...calls.seconds);
  write(at("calls-now").querySelector("b"), String(now));
  const points = calls.seconds.map((value, place) => `${((place * WIDTH) / (calls.seconds.length - 1)).toFixed(1)},${(HEIGHT - 1 - ((HEIGHT - 3) * value) / most).toFixed(1)}`);
  const [area, line] = at("calls-chart").children;
  line.setAttribute("points", points.join(" "));
  area.setAttribute("points", `0,${HEIGHT} ${points.join(" ")} ${WIDTH},${HEIGHT}`);
  at("calls-chart").setAttribute("aria-label", `calls a second in the last minute: now ${now}, at most ${Math.max(...calls.seconds)}`);
  at("calls-total").replaceChildren(...Object.entries(calls.total).slice(0, MOST).map(([name, number]) => cells(name, number)));
}

export function drawQueues(queues) {
  at("queues").replaceChildren(...Object.entries(queues).map(([name, queue]) => cells(name, queue.visible, queue.inFlight, queue.delayed)));
}

export function drawInstances({ counts, newest }) {
  write(at("instances-counts"), Object.entries(counts).map(([status, number]) => `${number} ${status}`).join(", ") || "none");
  at("instances").replaceChildren(...newest.slice(0, MOST).map((one) => cells(
    one.request ? element("a", { href: hashOf(one.request) }, outside(one.request)) : one.id, one.status, `${one.zone} ${one.address}`)));
}

export function drawNotices(notices) {
  const lines = notices.slice().reverse().map(({ at: time, level, event, ...rest }) => {
    const more = Object.entries(rest).map(([name, value]) => `${name} ${value}`).join(", ");
    return element("li", {}, element("span", { class: "muted" }, clock(time)), ` ${level}: `, outside(`${event} ${more}`));
  });
  at("notices").replaceChildren(...(lines.length ? lines : [element("li", { class: "muted" }, "none")]));
}

const WORKER = { never: "no worker", here: "worker runs", gone: "worker gone" };
const LINK = { connecting: "connecting …", live: "live", interrupted: "interrupted", gone: "cloud gone" };

// The lamps of the header: the worker, and the feed itself.
export function drawLamps(link, worker) {
  document.body.dataset.link = link;
  write(at("connection"), LINK[link]);
  at("connection").className = `lamp ${link}`;
  const state = link === "gone" ? "unknown" : worker?.state ?? "unknown";
  write(at("worker"), WORKER[state] ?? "worker ?");
  at("worker").className = `lamp ${state}`;
}
