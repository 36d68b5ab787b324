// A locked phone: the time, and a card for every conversation with something new.

import { el, timeOf, today, whenShort } from './dom.js';

export class LockScreen {
  constructor(phone) {
    this.phone = phone;
    this.clock = el('p', { class: 'lock-clock' });
    this.day = el('p', { class: 'lock-day' });
    this.cards = el('ul', { class: 'lock-cards' });
    this.unlock = el('button', { type: 'button', class: 'lock-open', onclick: () => this.open() },
      'Open messages');
    this.root = el('div', { class: 'lock' }, this.day, this.clock, this.cards, this.unlock);
  }

  open() {
    this.phone.go('list');
    this.phone.list.focus();
  }

  focus() {
    this.unlock.focus({ preventScroll: true });
  }

  tellTime() {
    this.clock.textContent = timeOf(Date.now()).replace(/ [AP]M/, '');
    this.day.textContent = today();
  }

  draw() {
    const waiting = this.phone.state.threads.filter((thread) => thread.unread)
      .sort((a, b) => b.messages.at(-1).at - a.messages.at(-1).at);
    this.cards.replaceChildren(...waiting.map((thread) => this.card(thread)));
  }

  card(thread) {
    const last = thread.messages.filter((message) => !message.mine).at(-1);
    const more = thread.unread > 1 ? ` · ${thread.unread} new` : '';
    return el('li', {}, el('button', { type: 'button', class: 'lock-card',
      onclick: () => this.phone.openThread(thread.number) },
    el('span', { class: 'lock-card-top' }, el('strong', {}, thread.name),
      el('span', {}, whenShort(last.at) + more)),
    el('span', { class: 'lock-card-text', dir: 'auto' }, last.body || 'Picture')));
  }

  /** The screen lights up when a text arrives. */
  buzz() {
    this.root.classList.remove('buzz');
    void this.root.offsetWidth; // restarts the animation
    this.root.classList.add('buzz');
  }
}
