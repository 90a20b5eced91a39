// The page: one feed in, what is visible drawn at most once a frame.
import { Requests } from "./requests.js";
import { List } from "./list.js";
import { drawDetail } from "./detail.js";
import { drawCalls, drawInstances, drawNotices, drawPause, drawQueues } from "./panels.js";
import { Faults } from "./faults.js";
import { Form } from "./form.js";

const requests = new Requests();
const list = new List(requests, (id) => { chosen = id; dirty.add("detail"); draw(); });
const faults = new Faults();
new Form((id) => list.choose(id));

let chosen = null;
let asked = false;
const dirty = new Set();
const parts = { calls: drawCalls, queues: drawQueues, instances: drawInstances, notices: drawNotices, pause: drawPause, faults: (value) => faults.draw(value) };
const news = {};

function draw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    for (const name of dirty) if (parts[name]) parts[name](news[name]);
    if (dirty.has("requests")) list.refresh();
    if (dirty.has("detail")) drawDetail(requests.get(chosen));
    dirty.clear();
  });
}

function take(change) {
  if (change.reset) { requests.clear(); dirty.add("requests").add("detail"); }
  for (const name of Object.keys(parts)) if (name in change) { news[name] = change[name]; dirty.add(name); }
  if (change.requests || change.forgotten) {
    requests.take(change.requests ?? [], change.forgotten ?? []);
    dirty.add("requests");
    if ((change.requests ?? []).some((request) => request.id === chosen)) dirty.add("detail");
  }
  draw();
}

const connection = document.getElementById("connection");
const feed = new EventSource("/_local/events");
feed.onopen = () => { connection.textContent = "live"; connection.className = "live"; };
feed.onerror = () => { connection.textContent = "the local cloud does not answer; trying again"; connection.className = ""; };
feed.onmessage = (event) => take(JSON.parse(event.data));
