// Keeps the phones up to date: asks once a second what changed, and survives a lost connection.

const EVERY = 1000;
const HIDDEN = 5000; // a tab nobody looks at
const LONGEST = 8000; // between attempts while the server is away
const PATIENCE = 8000; // for one answer

const base = new URL('/phones/', location.href);

/** Post one action of a phone. Rejects when it did not arrive or was refused. */
export async function act(name, body) {
  const answer = await fetch(new URL(name, base), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE),
  });
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return answer.json();
}

/** Calls `show(number, state)` for every phone that changed. `lost(true)` while out of touch. */
export class Live {
  constructor({ versions, show, lost }) {
    this.versions = versions;
    this.show = show;
    this.lost = lost;
    this.failures = 0;
    this.timer = null;
    this.asking = null;
    document.addEventListener('visibilitychange', () => this.soon());
    window.addEventListener('online', () => this.soon());
  }

  /** Ask now; an answer under way is awaited and then asked again. */
  soon() {
    clearTimeout(this.timer);
    if (this.asking) this.asking.then(() => this.soon());
    else this.asking = this.ask().finally(() => { this.asking = null; });
  }

  async ask() {
    try {
      const answer = await fetch(this.address(), { signal: AbortSignal.timeout(PATIENCE) });
      if (!answer.ok) throw new Error(String(answer.status));
      const { phones } = await answer.json();
      this.failures = 0;
      this.lost(false);
      for (const [number, state] of Object.entries(phones)) {
        this.versions.set(number, state.version);
        this.show(number, state);
      }
    } catch {
      this.failures += 1;
      if (this.failures > 1) this.lost(true); // one miss is a hiccup, not news
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.soon(), this.pause());
  }

  pause() {
    if (this.failures) return Math.min(LONGEST, EVERY * 2 ** (this.failures - 1));
    return document.hidden ? HIDDEN : EVERY;
  }

  address() {
    const url = new URL('state.json', base);
    for (const [number, version] of this.versions) {
      url.searchParams.append('phone', number);
      url.searchParams.append('version', version);
    }
    return url;
  }
}
