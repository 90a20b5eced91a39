// The list of requests: only the rows that are visible exist, however many requests there are.
import { GROUPS } from "./requests.js";
import { element, clock } from "./element.js";

const HEIGHT = 52;
const BEYOND = 3;

export class List {
  #box = document.getElementById("list");
  #size = document.getElementById("list-size");
  #find = document.getElementById("find");
  #empty = document.getElementById("empty");
  #rows = [];
  #wanted = [];
  #group = "all";
  #chosen = null;
  #asked = false;

  constructor(requests, chose) {
    this.requests = requests;
    this.chose = chose;
    this.chips = Object.fromEntries(Object.keys(GROUPS).map((name) => [name, this.#chip(name)]));
    this.#box.addEventListener("scroll", () => this.#draw(), { passive: true });
    this.#box.addEventListener("keydown", (event) => this.#key(event));
    this.#box.addEventListener("click", (event) => this.#click(event));
    this.#find.addEventListener("input", () => this.refresh());
    new ResizeObserver(() => this.#draw()).observe(this.#box);
  }

  // Look at the requests again. Whoever has scrolled keeps what they are reading in its place.
  refresh() {
    const top = this.#box.scrollTop;
    const reading = top > 0 ? this.#wanted[Math.floor(top / HEIGHT)] : undefined;
    this.#wanted = this.requests.wanted(this.#group, this.#find.value);
    const counts = this.requests.counts();
    for (const name in this.chips) this.chips[name].textContent = `${name} ${counts[name]}`;
    this.#size.style.height = `${this.#wanted.length * HEIGHT}px`;
    this.#empty.hidden = counts.all > 0;
    const place = reading ? this.#wanted.indexOf(reading) : -1;
    if (place >= 0) this.#box.scrollTop = place * HEIGHT + (top % HEIGHT);
    this.#draw();
  }

  choose(id) {
    this.#chosen = id;
    const place = this.#wanted.findIndex((request) => request.id === id);
    if (place >= 0) {
      const top = place * HEIGHT;
      if (top < this.#box.scrollTop) this.#box.scrollTop = top;
      else if (top + HEIGHT > this.#box.scrollTop + this.#box.clientHeight) this.#box.scrollTop = top + HEIGHT - this.#box.clientHeight;
    }
    this.chose(id);
    this.#draw();
  }

  #chip(name) {
    const chip = element("button", { type: "button", "aria-pressed": String(name === this.#group) }, `${name} 0`);
    chip.addEventListener("click", () => {
      this.#group = name;
      for (const other in this.chips) this.chips[other].setAttribute("aria-pressed", String(other === name));
      this.#box.scrollTop = 0;
      this.refresh();
    });
    document.getElementById("filters").append(chip);
    return chip;
  }

  #key(event) {
    const page = Math.max(1, Math.floor(this.#box.clientHeight / HEIGHT) - 1);
    const last = this.#wanted.length - 1;
    const at = this.#wanted.findIndex((request) => request.id === this.#chosen);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: last }[event.key];
    if (to === undefined || last < 0) return;
    event.preventDefault();
    this.choose(this.#wanted[Math.min(last, Math.max(0, to))].id);
  }

  #click(event) {
    const row = event.target.closest(".row");
    if (!row) return;
    this.choose(row.dataset.id);
    if (matchMedia("(max-width: 860px)").matches) document.getElementById("detail").scrollIntoView();
  }

  #draw() {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => { this.#asked = false; this.#drawNow(); });
  }

  #drawNow() {
    const first = Math.max(0, Math.floor(this.#box.scrollTop / HEIGHT) - BEYOND);
    const number = Math.ceil(this.#box.clientHeight / HEIGHT) + 2 * BEYOND;
    const shown = this.#wanted.slice(first, first + number);
    while (this.#rows.length < shown.length) this.#rows.push(newRow(this.#size, this.#rows.length));
    let active = "";
    this.#rows.forEach((row, slot) => {
      row.box.hidden = slot >= shown.length;
      if (slot >= shown.length) return;
      const chosen = shown[slot].id === this.#chosen;
      if (chosen) active = row.box.id;
      fill(row, shown[slot], first + slot, this.#wanted.length, chosen);
    });
    if (active) this.#box.setAttribute("aria-activedescendant", active);
    else this.#box.removeAttribute("aria-activedescendant");
  }
}

function newRow(parent, slot) {
  const row = { state: element("span"), id: element("span"), second: element("div", { class: "second" }) };
  row.box = element("div", { class: "row", role: "option", id: `row-${slot}` }, element("div", {}, row.state, "  ", row.id), row.second);
  parent.append(row.box);
  return row;
}

function fill(row, request, place, all, chosen) {
  const error = request.outcomeError?.code;
  const tries = request.attempts > 1 ? `${request.attempts} calls` : "";
  const second = [clock(request.firstAt), request.type, request.zone, tries, error].filter(Boolean).join(" · ");
  row.box.dataset.id = request.id;
  row.box.style.transform = `translateY(${place * HEIGHT}px)`;
  row.box.setAttribute("aria-posinset", place + 1);
  row.box.setAttribute("aria-setsize", all);
  row.box.setAttribute("aria-selected", String(chosen));
  write(row.state, request.state);
  row.state.className = `state ${request.state}`;
  write(row.id, request.id);
  write(row.second, second);
}

function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
