// What an error means: code, kind, what to do, and everything that was wrong with a message.
import { codeOf, element, outside } from "./element.js";

export function meaning(error, violations = []) {
  const more = [error.status, error.category, error.retry && `try again: ${error.retry}`, error.parameter && `parameter ${error.parameter}`];
  const box = element("div", { class: "error" },
    element("p", {}, element("strong", {}, outside(codeOf(error))), " ", element("span", { class: "kind" }, outside(more.filter(Boolean).join(" · ")))),
    element("p", { class: "remedy" }, outside(error.remedy)));
  if (error.message) box.append(element("p", { class: "muted" }, outside(error.message)));
  if (violations.length > 1) box.append(violationList(violations));
  return box;
}

// The same in short: the code, what to do, and the API's own words.
export function summary(error) {
  const box = element("div", { class: "error" }, element("p", {}, element("strong", {}, outside(codeOf(error))), " ", element("span", { class: "remedy" }, outside(error.remedy))));
  if (error.message) box.append(element("p", { class: "muted" }, outside(error.message)));
  return box;
}

export function violationList(violations) {
  return element("ul", { class: "violations" }, ...violations.map((one) => element("li", {},
    element("code", {}, outside(one.field || "(message)")), " ", element("b", {}, outside(one.code)), " ", outside(one.message))));
}
