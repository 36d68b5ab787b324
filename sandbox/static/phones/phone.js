// One phone: its frame, which screen it shows, and what arrives while nobody looks.

import { el, icon, timeOf } from './dom.js';
import { ListScreen } from './list.js';
import { LockScreen } from './lock.js';
import { ThreadScreen } from './thread.js';

const BANNER_STAYS = 6000;

export class Phone {
  constructor({ person, place, senders, alone, act, say, changed }) {
    Object.assign(this, { person, senders, act, say, changed });
    this.state = { airplane: false, threads: [] };
    this.lock = new LockScreen(this);
    this.list = new ListScreen(this);
    this.thread = new ThreadScreen(this);
    this.root = this.frame(place, alone);
    this.go(this.remembered());
    setInterval(() => this.tellTime(), 5000);
    this.tellTime();
  }

  get unread() {
    return this.state.threads.reduce((sum, thread) => sum + thread.unread, 0);
  }

  frame(place, alone) {
    const first = this.person.name.split(' ')[0];
    this.clock = el('span', { class: 'status-clock' });
    this.bars = el('span', { class: 'status-bars', 'aria-hidden': 'true' },
      el('i'), el('i'), el('i'), el('i'));
    this.flight = el('input', { type: 'checkbox', role: 'switch', class: 'switch',
      onchange: () => this.fly(this.flight.checked) });
    this.banner = el('button', { type: 'button', class: 'banner-top', hidden: true });
    this.home = el('button', { type: 'button', class: 'home',
      'aria-label': `Home: leave this screen of ${first}’s phone`, onclick: () => this.goHome() },
    el('i'));
    this.screen = el('div', { class: 'screen' },
      el('div', { class: 'status' }, this.clock, el('span', { class: 'notch', 'aria-hidden': 'true' }),
        el('span', { class: 'status-right' }, icon('plane'), this.bars,
          el('span', { class: 'battery', 'aria-hidden': 'true' }))),
      this.banner, this.lock.root, this.list.root, this.thread.root, this.home);
    const name = alone ? el('strong', {}, this.person.name)
      : el('a', { href: `/phones/${encodeURIComponent(this.person.number)}` }, this.person.name);
    return el('section', { class: `phone phone-${place}`, 'aria-label': `${this.person.name}’s phone` },
      el('div', { class: 'phone-label' }, el('h2', {}, name),
        el('label', { class: 'flight' }, this.flight, 'Airplane mode')),
      el('div', { class: 'case' }, this.screen));
  }

  // -- moving between screens

  go(where) {
    this.where = where;
    sessionStorage.setItem(`phones.${this.person.number}`, where);
    const thread = where.startsWith('+') ? where : null;
    this.lock.root.hidden = where !== 'lock';
    this.list.root.hidden = where !== 'list';
    this.thread.root.hidden = !thread;
    this.screen.dataset.screen = thread ? 'thread' : where;
    if (thread) this.thread.open(thread);
    this.hideBanner();
    this.shown();
  }

  goHome() {
    this.go(this.thread.root.hidden ? 'lock' : 'list');
    if (!this.list.root.hidden) this.list.focus();
    else this.lock.focus();
  }

  openThread(number) {
    this.go(number);
    this.thread.focus();
  }

  remembered() {
    return sessionStorage.getItem(`phones.${this.person.number}`) || 'lock';
  }

  /** On screen now: what the open conversation shows counts as read. */
  shown() {
    const open = this.state.threads.find((thread) => thread.number === this.where);
    if (open?.unread && this.isLookedAt()) {
      open.unread = 0;
      this.act('read', { number: open.number }).catch(() => {});
      this.draw();
    }
  }

  isLookedAt() {
    return !document.hidden && this.root.isConnected && this.root.offsetParent !== null;
  }

  // -- what the carrier brings

  update(state, { first = false } = {}) {
    const known = new Set(this.state.threads.flatMap((thread) => thread.messages.map((m) => m.sid)));
    this.state = state;
    this.flight.checked = state.airplane;
    this.screen.classList.toggle('is-flying', state.airplane);
    this.draw();
    if (!first) this.announce(known);
    this.shown();
  }

  draw() {
    this.lock.draw();
    this.list.draw();
    this.thread.draw();
    this.changed();
  }

  announce(known) {
    for (const thread of this.state.threads) {
      const arrived = thread.messages.filter((m) => !m.mine && !known.has(m.sid)).at(-1);
      if (!arrived) continue;
      const first = this.person.name.split(' ')[0];
      this.say(`${first}’s phone, ${thread.name}: ${arrived.body}`);
      if (thread.number === this.where) continue;
      if (this.where === 'lock') this.lock.buzz();
      else this.showBanner(thread, arrived);
    }
  }

  showBanner(thread, message) {
    this.banner.replaceChildren(el('strong', {}, thread.name),
      el('span', { dir: 'auto' }, message.body || 'Picture'));
    this.banner.onclick = () => this.openThread(thread.number);
    this.banner.hidden = false;
    clearTimeout(this.bannerTimer);
    this.bannerTimer = setTimeout(() => this.hideBanner(), BANNER_STAYS);
  }

  hideBanner() {
    this.banner.hidden = true;
  }

  fly(on) {
    this.act('airplane', { on }).catch(() => { this.flight.checked = !on; });
  }

  tellTime() {
    this.clock.textContent = timeOf(Date.now()).replace(/ [AP]M/, '');
    this.lock.tellTime();
  }
}
