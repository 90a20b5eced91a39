// One request: where it stands and how long it has, what went wrong and what to do, its timeline and its papers.
import { at, clock, element, icon, lasting, outside, write } from "./element.js";
import { summary } from "./errors.js";
import { bump } from "./motion.js";
import { Papers } from "./papers.js";
import { stateOf, STATES, toneOf } from "./states.js";
import { Tabs } from "./tabs.js";
import { drawTimeline, drawTrack, forgetTimeline } from "./timeline.js";

const FACTS = [["instance", "instance"], ["status", "instanceStatus"], ["type", "type"], ["zone", "zone"], ["left", "disposition"]];

export class Detail {
  #papers = new Papers();
  #request = null;
  #state = "";

  constructor(now) {
    this.now = now;
    this.tabs = new Tabs(at("papers-tabs"), at("detail-body"), "What to see of the request", { changed: () => this.draw(this.#request, this.picked) });
    setInterval(() => this.#tick(), 500);
  }

  // Draw a request; `picked` is the id somebody picked, null while the newest is followed.
  draw(request, picked) {
    if (request !== this.#request) this.#papers.forget();
    this.#request = request;
    this.picked = picked;
    at("follow").hidden = picked === null;
    at("following").hidden = picked !== null || !request;
    document.body.dataset.view = picked === null ? "list" : "detail";
    document.title = `${request ? `${request.id} ${request.state} · ` : ""}ECS provisioning worker: local cloud`;
    if (!request) { this.#none(picked); return; }
    const { id, state } = request;
    at("detail").className = `panel ${toneOf(state)}`;
    write(at("detail-title"), id);
    this.#sign(id, state);
    at("papers-tabs").hidden = false;
    at("detail-facts").replaceChildren(...this.#facts(request));
    at("detail-error").replaceChildren(...(request.outcomeError ? [summary(request.outcomeError)] : []));
    drawTimeline(request);
    this.#tick();
    this.#papers.draw(request, this.tabs.name);
  }

  focus() { at("detail-title").focus({ preventScroll: true }); }

  #sign(id, state) {
    const now = `${id} ${state}`;
    if (now === this.#state) return;
    const same = this.#state.startsWith(`${id} `);
    this.#state = now;
    at("detail-state").replaceChildren(element("span", { class: "sign" }, icon(state)), element("b", { class: "state" }, state));
    at("detail-state").title = stateOf(state).says;
    if (same) { bump(at("detail-state").firstElementChild); write(at("announce"), `${id}: ${state}`); }
  }

  #facts(request) {
    const calls = request.attempts ? [["calls of CreateInstance", `${request.attempts}, generation ${request.generation}`]] : [];
    const known = [["since", clock(request.firstAt)], ...FACTS.map(([label, name]) => [label, request[name]]), ...calls];
    return known.filter(([, value]) => value).map(([label, value]) => element("span", { class: "fact" }, element("i", {}, label), " ", outside(value)));
  }

  // What goes on by itself: time so far, and what is left of it.
  #tick() {
    const request = this.#request;
    at("deadline").hidden = !request;
    if (!request) return;
    const { open } = stateOf(request.state);
    const now = this.now();
    const [bar, words] = at("deadline").children;
    drawTrack(request, open, now);
    const taken = lasting((open ? now : request.changedAt) - request.firstAt);
    bar.hidden = !open || !request.deadline;
    if (!request.deadline) { write(words, open ? `for ${taken}; no deadline before it is accepted` : `took ${taken}`); return; }
    const whole = request.deadline - request.firstAt;
    bar.firstElementChild.style.transform = `scaleX(${Math.min(1, (now - request.firstAt) / whole).toFixed(4)})`;
    const left = request.deadline - now;
    write(words, open ? `for ${taken} · ${left > 0 ? `${lasting(left)} left, until` : "past its deadline at"} ${clock(request.deadline)}` : `took ${taken} of ${lasting(request.timeoutSeconds ?? whole)}`);
  }

  #none(picked) {
    this.#state = "";
    at("detail").className = "panel";
    write(at("detail-title"), picked ?? "Timeline");
    at("detail-state").replaceChildren();
    at("papers-tabs").hidden = true;
    at("track").hidden = true;
    at("detail-error").replaceChildren();
    forgetTimeline();
    at("deadline").hidden = true;
    const words = picked === null ? [legend()]
      : ["This cloud has not seen ", outside(picked), ", or has forgotten it: it remembers what happened since it began, 2,000 requests at most. What the worker recorded is still known: ",
        element("code", {}, outside(`provisioner status ${picked} --endpoint ${location.origin}`))];
    at("detail-facts").replaceChildren(...words);
  }
}

// Every state with its sign, for somebody who sees the page for the first time.
function legend() {
  const lines = Object.entries(STATES).map(([name, { says }]) => element("li", { class: toneOf(name) }, element("span", { class: "sign" }, icon(name)), element("span", {}, element("b", {}, name), ` ${says}`)));
  return element("div", { class: "legend" }, element("p", {}, "A request that is sent is shown here: where it stands, every step of its way, and what came of it."), element("ul", {}, ...lines));
}
