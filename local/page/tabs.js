// Tabs over sections that are marked with data-tab. Where there is room for all, all are shown and there are no tabs.
import { element } from "./element.js";

export class Tabs {
  #tabs = [];
  #chosen = 0;
  #all = null;

  // `bar` gets the tabs of the sections in `box`; `roomy` is a media query, `changed` is told the tab that is shown.
  constructor(bar, box, label, { roomy = "not all", changed = () => {} } = {}) {
    this.bar = bar;
    this.changed = changed;
    bar.className = "tabs";
    bar.setAttribute("aria-label", label);
    const sections = [...box.children].filter((one) => one.dataset.tab);
    this.#tabs = sections.map((section, place) => this.#make(section, place));
    bar.append(...this.#tabs.map(({ button }) => button));
    bar.addEventListener("keydown", (event) => this.#key(event));
    this.#all = matchMedia(roomy);
    this.#all.addEventListener("change", () => this.#show());
    this.#show();
  }

  get name() { return this.#tabs[this.#chosen].section.dataset.tab; }

  // Show a tab by its name.
  open(name, { focus = false } = {}) {
    const place = this.#tabs.findIndex(({ section }) => section.dataset.tab === name);
    this.#chosen = place;
    this.#show();
    const { section, button } = this.#tabs[place];
    if (this.#all.matches) section.scrollIntoView({ block: "nearest" });
    else if (focus) button.focus();
    this.changed(name);
  }

  // Say on a tab how many things wait there.
  mark(name, number, tone = "") {
    const { badge } = this.#tabs.find(({ section }) => section.dataset.tab === name);
    badge.textContent = number ? String(number) : "";
    badge.className = `badge ${tone}`;
  }

  #make(section, place) {
    const name = section.dataset.tab;
    const id = `tab-${name.toLowerCase().replace(/\W/g, "-")}`;
    const badge = element("span", { class: "badge" });
    const button = element("button", { type: "button", id }, element("span", {}, name), badge);
    button.addEventListener("click", () => { this.#chosen = place; this.#show(); this.changed(name); });
    section.id ||= `${id}-panel`;
    return { section, button, badge };
  }

  #show() {
    const all = this.#all.matches;
    this.bar.hidden = all;
    this.bar.setAttribute("role", "tablist");
    this.#tabs.forEach(({ section, button }, place) => {
      const shown = place === this.#chosen;
      section.hidden = !all && !shown;
      button.setAttribute("role", "tab");
      button.setAttribute("aria-selected", String(shown));
      button.setAttribute("aria-controls", section.id);
      button.tabIndex = shown ? 0 : -1;
    });
  }

  #key(event) {
    const last = this.#tabs.length - 1;
    const to = { ArrowRight: this.#chosen + 1, ArrowLeft: this.#chosen - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.open(this.#tabs[(to + last + 1) % (last + 1)].section.dataset.tab, { focus: true });
  }
}
