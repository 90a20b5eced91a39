// The feed of the local cloud, and whether it is to be trusted: live, interrupted, or gone with the cloud.
const SILENT = 6000;
const CHECK = 3000;
const AGAIN = 2000;

export class Feed {
  state = "connecting";
  heardAt = null;
  #source = null;
  #heard = performance.now();
  #ahead = 0;
  #checking = false;

  // `take` gets every change, `told` is called when the state is another than before.
  constructor(take, told) {
    this.take = take;
    this.told = told;
    this.#open();
    setInterval(() => this.#watch(), 1000);
  }

  // The cloud's time, in epoch seconds.
  get now() { return Date.now() / 1000 + this.#ahead; }

  again() {
    this.#source.close();
    this.#open();
    this.#check();
  }

  #open() {
    this.#heard = performance.now();
    const source = this.#source = new EventSource("/_local/events");
    source.onmessage = (event) => { this.#hear(); this.take(JSON.parse(event.data)); };
    source.addEventListener("time", (event) => { this.#ahead = JSON.parse(event.data).now - Date.now() / 1000; this.#hear(); });
    source.onerror = () => {
      this.#check();
      if (source.readyState === EventSource.CLOSED) setTimeout(() => { if (source === this.#source) this.#open(); }, AGAIN);
    };
  }

  #hear() {
    this.#heard = performance.now();
    this.heardAt = this.now;
    this.#say("live");
  }

  // An open connection on which nothing comes is none.
  #watch() {
    if (performance.now() - this.#heard < SILENT) return;
    this.#source.close();
    this.#open();
    this.#check();
  }

  async #check() {
    if (this.#checking) return;
    this.#checking = true;
    const asked = performance.now();
    try {
      const answer = await fetch("/_local/worker", { signal: AbortSignal.timeout(CHECK) });
      if (this.#heard <= asked) this.#say(answer.ok ? "interrupted" : "gone");
    } catch {
      if (this.#heard <= asked) this.#say("gone");
    }
    this.#checking = false;
  }

  #say(state) {
    if (state === this.state) return;
    this.state = state;
    this.told();
  }
}
