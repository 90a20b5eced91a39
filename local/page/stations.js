// The way of a request as a strip of stations: how many stand where; one that is pressed chooses what is listed.
import { at, element, icon, write } from "./element.js";
import { bump } from "./motion.js";
import { STATES, STATIONS, toneOf } from "./states.js";

export class Stations {
  #box = at("stations");
  #parts = {};
  pressed = "all";

  constructor(chose) {
    this.chose = chose;
    for (const station of STATIONS) this.#parts[station.name] = this.#make(station);
    this.press("all");
  }

  draw(counts) {
    for (const { name, quiet } of STATIONS) {
      const { button, number, shown } = this.#parts[name];
      button.hidden = Boolean(quiet) && !counts[name] && this.pressed !== name;
      button.classList.toggle("none", !counts[name]);
      if (shown !== undefined && counts[name] > shown) bump(number);
      this.#parts[name].shown = counts[name];
      write(number, String(counts[name]));
    }
  }

  press(name) {
    this.pressed = name;
    for (const other in this.#parts) this.#parts[other].button.setAttribute("aria-pressed", String(other === name));
    this.chose(name);
  }

  #make({ name, way }) {
    const number = element("b", {}, "0");
    const button = element("button", { type: "button", class: `${toneOf(name)} ${way ? "way" : ""}`, "data-station": name },
      icon(name), number, element("span", {}, name));
    if (STATES[name]) button.title = STATES[name].says;
    button.addEventListener("click", () => this.press(name));
    this.#box.append(button);
    return { button, number };
  }
}
