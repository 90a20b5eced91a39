// The panels around the requests: calls, queues, instances, warnings.
import { cells, clock, element } from "./element.js";

const at = (id) => document.getElementById(id);
const MOST = 5;

export function drawCalls(calls) {
  const now = calls.seconds.at(-1);
  const most = Math.max(1, ...calls.seconds);
  at("calls-now").textContent = now;
  const points = calls.seconds.map((value, place) => `${(place * 180) / (calls.seconds.length - 1)},${35 - (33 * value) / most}`);
  at("calls-chart").firstElementChild.setAttribute("points", points.join(" "));
  at("calls-chart").setAttribute("aria-label", `calls a second in the last minute: now ${now}, at most ${most}`);
  at("calls-total").replaceChildren(...Object.entries(calls.total).slice(0, MOST).map(([name, number]) => cells(name, number)));
}

export function drawQueues(queues) {
  at("queues").replaceChildren(...Object.entries(queues).map(([name, queue]) => cells(name, queue.visible, queue.inFlight, queue.delayed)));
}

export function drawInstances({ counts, newest }) {
  const told = Object.entries(counts).map(([status, number]) => `${number} ${status}`);
  at("instances-counts").textContent = told.join(", ") || "none";
  at("instances").replaceChildren(...newest.map((one) => cells(one.request ?? one.id, one.status, `${one.zone} ${one.address}`)));
}

export function drawPause(pause) {
  at("pause").hidden = !pause;
  at("pause").textContent = pause ? `Buying is paused since ${clock(pause.since)} by ${pause.by}: ${pause.reason}` : "";
}

export function drawNotices(notices) {
  const lines = notices.slice().reverse().map(({ at: time, level, event, ...rest }) => {
    const more = Object.entries(rest).map(([name, value]) => `${name} ${value}`).join(", ");
    return element("li", {}, `${clock(time)} ${level}: ${event} ${more}`);
  });
  at("notices").replaceChildren(...lines);
}
