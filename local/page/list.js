// The list of requests: only the rows that are visible exist, however many requests there are.
import { at, clock, codeOf, element, icon, lasting, turnTo, visible, write } from "./element.js";
import { appear, bump, glow } from "./motion.js";
import { stateOf, toneOf } from "./states.js";

const HEIGHT = 62;
const BEYOND = 3;

export class List {
  station = "all";
  #box = at("list");
  #size = at("list-size");
  #rows = new Map();
  #spare = [];
  #wanted = [];
  #chosen = null;
  #asked = false;
  #made = 0;

  // `chose` is told which request is looked at, `opened` which one a person wants to read.
  constructor(requests, { chose, opened, cleared, now }) {
    Object.assign(this, { requests, chose, opened, now });
    this.find = at("find");
    this.#box.addEventListener("scroll", () => this.#draw(), { passive: true });
    this.#box.addEventListener("keydown", (event) => this.#key(event));
    this.#box.addEventListener("click", (event) => this.#click(event));
    this.find.addEventListener("input", () => { this.#box.scrollTop = 0; this.refresh(); });
    at("clear").addEventListener("click", () => { this.find.value = ""; cleared(); this.find.focus(); });
    new ResizeObserver(() => this.#draw()).observe(this.#box);
    setInterval(() => this.#draw(), 1000);
  }

  // Look at the requests again. Whoever has scrolled keeps what they are reading in its place.
  refresh() {
    const top = this.#box.scrollTop;
    const reading = top > 0 ? this.#wanted[Math.floor(top / HEIGHT)] : undefined;
    this.#wanted = this.requests.wanted(this.station, this.find.value);
    this.#size.style.height = `${this.#wanted.length * HEIGHT}px`;
    this.#box.style.setProperty("--rows", this.#wanted.length);
    const none = !this.requests.newest;
    at("empty").hidden = !none;
    at("nothing").hidden = none || this.#wanted.length > 0;
    this.#box.hidden = !this.#wanted.length;
    at("nothing-what").replaceChildren(...this.#asking());
    const place = reading ? this.#wanted.indexOf(reading) : -1;
    if (place >= 0) this.#box.scrollTop = place * HEIGHT + (top % HEIGHT);
    this.#draw();
  }

  // Mark the request that is shown, and bring it into sight where a person chose it.
  mark(id, { sight = false } = {}) {
    this.#chosen = id;
    const place = sight ? this.#wanted.findIndex((request) => request.id === id) : -1;
    if (place >= 0) {
      const top = place * HEIGHT;
      if (top < this.#box.scrollTop) this.#box.scrollTop = top;
      else if (top + HEIGHT > this.#box.scrollTop + this.#box.clientHeight) this.#box.scrollTop = top + HEIGHT - this.#box.clientHeight;
    }
    this.#draw();
  }

  focus() { this.#box.focus(); }

  #asking() {
    const words = this.find.value.trim();
    const where = this.station === "all" ? "" : ` among what is ${this.station}`;
    return words ? ["No id, instance or error code has ", element("bdi", {}, `“${visible(words.slice(0, 80))}”`), `${where}.`] : [`Nothing is ${this.station} now.`];
  }

  #key(event) {
    if (event.key === "Enter" && this.#chosen) { event.preventDefault(); this.opened(this.#chosen, true); return; }
    const page = Math.max(1, Math.floor(this.#box.clientHeight / HEIGHT) - 1);
    const last = this.#wanted.length - 1;
    const from = this.#wanted.findIndex((request) => request.id === this.#chosen);
    const to = { ArrowDown: from + 1, ArrowUp: from - 1, PageDown: from + page, PageUp: from - page, Home: 0, End: last }[event.key];
    if (to === undefined || last < 0) return;
    event.preventDefault();
    const { id } = this.#wanted[Math.min(last, Math.max(0, to))];
    this.mark(id, { sight: true });
    this.chose(id);
  }

  #click(event) {
    const row = event.target.closest(".row");
    if (row) this.opened(row.dataset.id, false);
  }

  #draw() {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => { this.#asked = false; this.#drawNow(); });
  }

  #drawNow() {
    const first = Math.max(0, Math.floor(this.#box.scrollTop / HEIGHT) - BEYOND);
    const number = Math.ceil(this.#box.clientHeight / HEIGHT) + 2 * BEYOND;
    const shown = this.#box.clientHeight ? this.#wanted.slice(first, first + number) : [];
    const ids = new Set(shown.map((request) => request.id));
    for (const [id, row] of this.#rows) if (!ids.has(id)) { this.#rows.delete(id); row.box.hidden = true; this.#spare.push(row); }
    shown.forEach((request, place) => this.#fill(request, first + place));
    const active = this.#rows.get(this.#chosen)?.box.id;
    if (active) this.#box.setAttribute("aria-activedescendant", active);
    else this.#box.removeAttribute("aria-activedescendant");
  }

  // A request keeps its row as long as it is seen, so that the row moves when others come.
  #fill(request, place) {
    let row = this.#rows.get(request.id);
    const fresh = !row;
    if (fresh) {
      row = this.#spare.pop() ?? newRow(this.#size, this.#made++);
      this.#rows.set(request.id, row);
      row.box.hidden = false;
      row.box.dataset.id = request.id;
      row.box.classList.add("placed");
    }
    row.box.style.transform = `translateY(${place * HEIGHT}px)`;
    row.box.setAttribute("aria-posinset", place + 1);
    row.box.setAttribute("aria-setsize", this.#wanted.length);
    row.box.setAttribute("aria-selected", String(request.id === this.#chosen));
    const before = fresh ? null : row.shows;
    tell(row, request, this.now());
    if (before && before !== request.state) { bump(row.sign); glow(row.light); }
    if (fresh && this.now() - request.firstAt < 1.5) appear(row.light);
    if (fresh) requestAnimationFrame(() => row.box.classList.remove("placed"));
  }
}

function newRow(parent, slot) {
  const row = { sign: icon("unknown"), id: element("bdi", { class: "id" }), state: element("b"), second: element("bdi"),
    time: element("span", { class: "time" }), until: element("span", { class: "until" }), part: element("div") };
  row.light = element("div", { class: "light" }, element("span", { class: "sign" }, row.sign),
    element("div", { class: "lines" },
      element("div", { class: "line" }, element("span", { class: "first" }, row.id), row.time),
      element("div", { class: "line" }, element("span", { class: "second" }, row.state, " ", row.second), row.until)),
    element("div", { class: "part" }, row.part));
  row.box = element("div", { class: "row", role: "option", id: `row-${slot}` }, row.light);
  parent.append(row.box);
  return row;
}

function tell(row, request, now) {
  const { open } = stateOf(request.state);
  const error = request.outcomeError && codeOf(request.outcomeError);
  const tries = request.attempts > 1 ? `${request.attempts} calls` : "";
  row.shows = request.state;
  turnTo(row.sign, request.state);
  row.light.className = `light ${toneOf(request.state)}`;
  write(row.id, request.id);
  write(row.state, request.state);
  write(row.second, visible([error, request.type, request.zone, tries].filter(Boolean).join(" · ").slice(0, 200)));
  write(row.time, lasting((open ? now : request.changedAt) - request.firstAt));
  write(row.until, until(request, open));
  const share = open && request.deadline ? Math.min(1, (now - request.firstAt) / (request.deadline - request.firstAt)) : 0;
  row.part.style.transform = `scaleX(${share.toFixed(3)})`;
}

function until(request, open) {
  if (!open) return clock(request.firstAt);
  if (request.deadline) return `until ${clock(request.deadline)}`;
  return request.timeoutSeconds ? `has ${lasting(request.timeoutSeconds)}` : "";
}
