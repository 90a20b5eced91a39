// The form: a sample to start from, checked where it is sent, with everything that is wrong with it.
import { curlButton, get, make, post, say } from "./call.js";
import { at, element, outside } from "./element.js";
import { violationList } from "./errors.js";

const ID = /("requestId"\s*:\s*")([^"]*)(")/;
const numberOf = (id) => Math.max(1, Math.floor(Number(at(id).value)) || 1);

export class Form {
  #sample = at("sample");
  #profile = at("profile");
  #body = at("body");
  #answer = at("answer");
  #anyway = at("anyway");
  #samples = [];

  // `sent` is told the request a message asked for, and how many were sent.
  constructor(sent) {
    this.sent = sent;
    this.#load();
    this.#sample.addEventListener("change", () => this.#fill());
    this.#profile.addEventListener("change", () => this.#fill());
    this.#anyway.addEventListener("click", () => this.#send(true));
    at("form").addEventListener("submit", (event) => { event.preventDefault(); this.#send(false); });
    at("first").addEventListener("click", () => this.#send(false));
    at("send-curl").append(curlButton("enqueue this message", () => this.#call(false)));
    at("anyway-curl").append(curlButton("send it all the same", () => this.#call(true)));
  }

  async #load() {
    const { ok, data, error } = await make(get("/_page/samples.json"));
    if (!ok) { say(this.#answer, "failed", `The samples cannot be had: ${error} Load the page again.`); return; }
    this.#samples = data;
    this.#sample.replaceChildren(...data.map((sample, place) => element("option", { value: place }, `${sample.name}: ${sample.shows}`)));
    if (data.length) this.#fill();
  }

  #fill() {
    const sample = this.#samples[this.#sample.value];
    const profile = this.#profile.value.trim();
    const body = withNewId(sample.body);
    this.#body.value = profile ? withProfile(body, profile) : body;
    at("count").value = 1;
    at("copies").value = sample.times;
    this.#offerAnyway(false);
    say(this.#answer);
  }

  #offerAnyway(offered) {
    this.#anyway.hidden = !offered;
    at("anyway-curl").hidden = !offered;
  }

  #call(anyway) {
    const asked = { ...(anyway && { anyway: 1 }), ...(numberOf("count") > 1 && { count: numberOf("count") }), ...(numberOf("copies") > 1 && { copies: numberOf("copies") }) };
    const query = new URLSearchParams(asked).toString();
    return post(`/_local/enqueue${query ? `?${query}` : ""}`, this.#body.value);
  }

  async #send(anyway) {
    const { ok, status, data, error } = await make(this.#call(anyway));
    this.#offerAnyway(status === 422);
    if (status === 422) {
      const number = data.violations.length;
      say(this.#answer, "failed", `Not sent: ${number} ${number === 1 ? "thing is" : "things are"} wrong.`);
      this.#answer.append(violationList(data.violations));
      this.#answer.scrollIntoView({ block: "nearest" });
      return;
    }
    if (!ok) { say(this.#answer, "failed", outside(status ? `Not sent: ${error}` : error)); return; }
    say(this.#answer, "completed", data.sent > 1 ? `Sent ${data.sent} messages, last ` : "Sent as message ", outside(data.messageId), ".");
    this.#body.value = withNewId(this.#body.value);
    this.sent(data.requestId ?? data.messageId, numberOf("count"));
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
  return text.replace(ID, (_, before, id, after) => `${before}${id.replace(/~.*$|-[a-z0-9]{4}$/, "").slice(0, 55)}-${chance}${after}`);
}
