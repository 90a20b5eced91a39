// The form: a sample to start from, checked where it is sent, with everything that is wrong with it.
import { element } from "./element.js";
import { violationList } from "./detail.js";

const ID = /("requestId"\s*:\s*")([^"]*)(")/;

export class Form {
  #sample = document.getElementById("sample");
  #body = document.getElementById("body");
  #answer = document.getElementById("answer");
  #anyway = document.getElementById("anyway");
  #profile = document.getElementById("profile");

  constructor(sent) {
    this.sent = sent;
    fetch("/_page/samples.json").then((answer) => answer.json()).then((samples) => this.#offer(samples));
    this.#sample.addEventListener("change", () => this.#fill());
    this.#profile.addEventListener("change", () => this.#fill());
    this.#anyway.addEventListener("click", () => this.#send("?anyway=1"));
    document.getElementById("form").addEventListener("submit", (event) => { event.preventDefault(); this.#send(""); });
  }

  #offer(samples) {
    this.samples = samples;
    this.#sample.replaceChildren(...samples.map((sample, place) => element("option", { value: place }, `${sample.name}: ${sample.shows}`)));
    if (samples.length) this.#fill();
  }

  #fill() {
    const body = withNewId(this.samples[this.#sample.value].body);
    this.#body.value = this.#profile.value.trim() ? withProfile(body, this.#profile.value.trim()) : body;
    this.#say([]);
  }

  async #send(how) {
    const body = this.#body.value;
    const times = this.samples?.[this.#sample.value]?.times ?? 1;
    let response, answer;
    for (let sent = 0; sent < times && (!sent || response.ok); sent += 1) {
      response = await fetch(`/_local/enqueue${how}`, { method: "POST", body });
      answer = await response.json();
    }
    this.#anyway.hidden = response.status !== 422;
    if (response.status === 422) {
      const number = answer.violations.length;
      return this.#say([element("p", { class: "failed" }, `Not sent: ${number} ${number === 1 ? "thing is" : "things are"} wrong.`), violationList(answer.violations)]);
    }
    if (!response.ok) return this.#say([element("p", { class: "failed" }, `Not sent: ${answer.error}`)]);
    this.#say([element("p", { class: "completed" }, `Sent${times > 1 ? ` ${times} times, last` : ""} as message ${answer.messageId}.`)]);
    this.#body.value = withNewId(this.#body.value);
    return this.sent(answer.requestId ?? answer.messageId);
  }

  #say(nodes) {
    this.#answer.replaceChildren(...nodes);
    this.#anyway.hidden ||= !nodes.length;
  }
}

// Let a profile of the policy bring what the sample says itself: the worker knows what it is, this page does not.
function withProfile(text, profile) {
  const id = text.match(ID);
  return JSON.stringify({ requestId: id ? id[2] : withNewId('"requestId": "profile"').match(ID)[2], profile }, null, 2);
}

// Give the message an id that no request has: the sample's, and a few characters of chance.
function withNewId(text) {
  const chance = Math.random().toString(36).slice(2, 6).padEnd(4, "0");
  return text.replace(ID, (_, before, id, after) => `${before}${id.replace(/~.*$|-[a-z0-9]{4}$/, "").slice(0, 59)}-${chance}${after}`);
}
