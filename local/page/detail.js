// One request: where it stands, what went wrong and what to do, every step with its time.
import { clock, element } from "./element.js";

const BAD = new Set(["error", "refused", "buried", "unacknowledged", "gone"]);
const title = document.getElementById("detail-title");
const facts = document.getElementById("detail-facts");
const trouble = document.getElementById("detail-error");
const timeline = document.getElementById("timeline");
let drawn = { id: null, last: 0 };

export function drawDetail(request) {
  if (!request) {
    title.textContent = "Timeline";
    facts.textContent = "Choose a request to see what happened to it.";
    trouble.replaceChildren();
    timeline.replaceChildren();
    drawn = { id: null, last: 0 };
    return;
  }
  title.textContent = request.id;
  const known = [request.instance, request.instanceStatus, request.type, request.zone, request.disposition,
    request.attempts ? `${request.attempts} ${request.attempts === 1 ? "call" : "calls"} of CreateInstance, generation ${request.generation}` : ""];
  facts.replaceChildren(element("span", { class: `state ${request.state}` }, request.state), " ", known.filter(Boolean).join(" · "));
  trouble.replaceChildren(...(request.outcomeError ? [problem(request.outcomeError, request.violations ?? [])] : []));
  const before = drawn.id === request.id ? drawn.last : Infinity;
  timeline.replaceChildren(...request.steps.map((step) => line(step, request, step.n > before)));
  drawn = { id: request.id, last: Math.max(0, ...request.steps.map((step) => step.n)) };
}

function line(step, request, fresh) {
  const tone = BAD.has(step.kind) || (step.kind === "published" && step.error) ? "bad" : step.kind === "published" ? "good" : "";
  const item = element("li", { class: `${tone} ${fresh ? "new" : ""}`, "data-kind": step.kind },
    element("span", { class: "when" }, `${clock(step.at)}  +${(step.at - request.firstAt).toFixed(2)} s`),
    element("strong", {}, step.title), " ", element("span", {}, step.text));
  if (step.error && step.kind === "error") item.append(meaning(step.error));
  return item;
}

function meaning(error) {
  return element("div", { class: "error" },
    element("strong", {}, error.code), ` ${error.status ?? ""} · ${error.category} · try again: ${error.retry}`,
    element("div", {}, error.remedy));
}

function problem(error, violations) {
  const box = meaning(error);
  if (error.message) box.append(element("div", { class: "muted" }, error.message));
  if (violations.length > 1) box.append(violationList(violations));
  return box;
}

export function violationList(violations) {
  return element("ul", {}, ...violations.map((one) => element("li", {}, element("code", {}, one.field || "(message)"), ` ${one.code}: ${one.message}`)));
}
