// The address: #/ID is one request and survives a reload; without it the newest is followed.
const narrow = matchMedia("(max-width: 719px)");

export class Route {
  // `changed` is called when another request is picked, `refitted` when there is room for one view only, or more again.
  constructor(changed, refitted) {
    this.changed = changed;
    narrow.addEventListener("change", () => refitted());
    addEventListener("hashchange", () => changed());
  }

  // The request that was picked, null where nobody picked one.
  get id() {
    const hash = location.hash;
    if (!hash.startsWith("#/") || hash.length < 3) return null;
    try { return decodeURIComponent(hash.slice(2)); } catch { return hash.slice(2); }
  }

  // Pick a request. Where there is room for one view only it is a step that the browser's way back undoes.
  pick(id) {
    const hash = hashOf(id);
    if (location.hash === hash) return;
    if (this.narrow) { location.hash = hash; return; }
    history.replaceState(null, "", hash);
    this.changed();
  }

  follow() {
    if (!location.hash) return;
    history.replaceState(null, "", location.pathname);
    this.changed();
  }

  get narrow() { return narrow.matches; }
}

export function hashOf(id) {
  return `#/${encodeURIComponent(id)}`;
}
