// The page: one feed in, what is visible drawn at most once a frame.
import { drawAlerts } from "./alerts.js";
import { curlButton, get } from "./call.js";
import { drawCalls, drawInstances, drawLamps, drawNotices, drawQueues } from "./cloud.js";
import { Detail } from "./detail.js";
import { at } from "./element.js";
import { Faults } from "./faults.js";
import { Feed } from "./feed.js";
import { Form } from "./form.js";
import { Letters } from "./letters.js";
import { List } from "./list.js";
import { Requests } from "./requests.js";
import { Route } from "./route.js";
import { Stations } from "./stations.js";
import { Stock } from "./stock.js";
import { Tabs } from "./tabs.js";

const ROOMY = "(min-width: 1600px)";
const DEAD_LETTERS = "provision-requests-dlq";
const QUEUE = "provision-requests";

const requests = new Requests();
const news = {};
const dirty = new Set();
let asked = false;
let shown = null;
let loaded = false;
let broken = "";

const feed = new Feed(take, () => { dirty.add("link"); draw(); });
const now = () => feed.now;
const tools = new Tabs(at("tools-tabs"), at("tools"), "Tools", { roomy: ROOMY });
const route = new Route(() => turn(), () => { dirty.add("detail"); draw(); });
const detail = new Detail(now);
const list = new List(requests, {
  now,
  chose: (id) => { if (!route.narrow) route.pick(id); },
  opened: (id, keys) => { open(id); if (keys) detail.focus(); },
  cleared: () => stations.press("all"),
});
const stations = new Stations((name) => { list.station = name; at("list").scrollTop = 0; list.refresh(); });
const stock = new Stock(requests);
const letters = new Letters();
const faults = new Faults((number) => tools.mark("Faults", number));
at("cloud-curl").append(curlButton("the whole state", () => get("/_local/state"), "state"), curlButton("the feed", () => get("/_local/events"), "feed"));
new Form((id, number) => { if (number > 1) route.follow(); else open(id); });

// How each part of the news is drawn.
const parts = {
  calls: drawCalls, queues: drawQueues, notices: drawNotices, faults: (value) => faults.draw(value),
  instances: (value) => { drawInstances(value); stock.draw(null, value.places); },
  config: (value) => stock.draw(value, null),
};

function draw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    const now = new Set(dirty);
    dirty.clear();
    for (const name of now) guarded(() => parts[name]?.(news[name]));
    if (now.has("requests")) guarded(() => { stations.draw(requests.counts()); list.refresh(); });
    if (now.has("detail") || now.has("requests")) guarded(() => drawShown(now.has("detail")));
    drawWorld();
  });
}

// A part that cannot be drawn stops no other, and is said.
function guarded(drawing) {
  try { drawing(); } catch (error) { fault(error); }
}

// The request that is shown: the one somebody picked, else the newest.
function drawShown(changed) {
  const picked = route.id;
  const request = picked === null ? requests.newest : requests.get(picked);
  if (request === shown && !changed) return;
  shown = request;
  if (!request && picked !== null && !loaded) return;
  detail.draw(request, picked);
  if (!route.narrow || picked !== null) list.mark(request?.id ?? null);
}

function drawWorld() {
  const count = (name) => news.queues?.[name]?.visible ?? 0;
  drawLamps(feed.state, news.worker);
  letters.draw(count(DEAD_LETTERS));
  tools.mark("Dead letters", count(DEAD_LETTERS), "failed");
  drawAlerts({
    broken, link: feed.state, heardAt: feed.heardAt, worker: news.worker, pause: news.pause, waiting: count(QUEUE), letters: count(DEAD_LETTERS),
    open: requests.counts().open, again: () => feed.again(), show: (name) => tools.open(name, { focus: true }),
  });
}

function take(change) {
  if (change.reset) { requests.clear(); dirty.add("requests").add("detail"); loaded = true; }
  for (const name of [...Object.keys(parts), "worker", "pause"]) if (name in change) { news[name] = change[name]; dirty.add(name); }
  if (change.requests || change.forgotten) {
    requests.take(change.requests ?? [], change.forgotten ?? []);
    dirty.add("requests");
    if (!shown || (change.requests ?? []).some((request) => request.id === shown.id)) dirty.add("detail");
  }
  draw();
}

// Read a request: where there is room for one view only, it comes instead of the list.
function open(id) {
  route.pick(id);
  list.mark(id, { sight: true });
}

// The address changed.
function turn() {
  dirty.add("detail");
  draw();
  if (!route.narrow) return;
  scrollTo(0, 0);
  requestAnimationFrame(() => (route.id === null ? list : detail).focus());
}

function fault(words) {
  console.error(words);
  broken = String(words).slice(0, 200);
  draw();
}

at("follow").addEventListener("click", (event) => { event.preventDefault(); route.follow(); list.focus(); });
at("back").addEventListener("click", (event) => { event.preventDefault(); route.follow(); });
at("skip").addEventListener("click", (event) => { event.preventDefault(); list.focus(); });
at("to-tools").addEventListener("click", (event) => { event.preventDefault(); at("tools").scrollIntoView(); at("sample").focus({ preventScroll: true }); });
at("detail").addEventListener("keydown", (event) => { if (event.key === "Escape") { if (route.narrow) route.follow(); else list.focus(); } });
addEventListener("error", (event) => fault(event.message));
addEventListener("unhandledrejection", (event) => fault(event.reason));
draw();
