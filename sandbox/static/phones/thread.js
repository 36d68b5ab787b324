// One conversation: bubbles, ticks, and the place to type. Bubbles are added and changed in place,
// so nothing that is being read, selected or typed ever jumps.

import { dayOf, el, icon, isJumbo, pretty, timeOf, withLinks } from './dom.js';

const QUIET = 15 * 60 * 1000; // after such a pause the time is shown again
const CHIPS = ['STOP', 'HELP', 'START', 'Where is my order?'];
const STATES = {
  waiting: ['clock', 'Waiting for signal'],
  sending: ['clock', 'Sending'],
  sent: ['tick', 'Sent'],
  delivered: ['ticks', 'Delivered'],
};
const NEAR_END = 60; // pixels: close enough to the end to follow new texts

export class ThreadScreen {
  constructor(phone) {
    this.phone = phone;
    this.number = null;
    this.drafts = new Map();
    this.sending = new Map(); // number -> texts on their way to the server
    this.bubbles = new Map();
    this.title = el('strong');
    this.subtitle = el('span');
    this.log = el('div', { class: 'log', role: 'log', 'aria-live': 'polite', tabindex: '0' });
    this.field = el('textarea', { class: 'draft', rows: '1', dir: 'auto', maxlength: '1600',
      placeholder: 'Text message', 'aria-label': 'Text message', enterkeyhint: 'send',
      oninput: () => this.typed(), onkeydown: (event) => this.key(event) });
    this.button = el('button', { type: 'submit', class: 'send', 'aria-label': 'Send' }, icon('send'));
    this.root = el('div', { class: 'thread', onkeydown: (event) => this.escape(event) },
      el('div', { class: 'thread-bar' },
        el('button', { type: 'button', class: 'round', 'aria-label': 'All conversations',
          onclick: () => { phone.go('list'); phone.list.focus(); } }, icon('back')),
        el('div', { class: 'thread-name' }, this.title, this.subtitle)),
      this.log, this.chips(),
      el('form', { class: 'compose', onsubmit: (event) => { event.preventDefault(); this.submit(); } },
        this.attach(), this.field, this.button));
  }

  chips() {
    return el('div', { class: 'chips', role: 'group', 'aria-label': 'Quick replies' },
      ...CHIPS.map((text) => el('button', { type: 'button', class: 'chip', onclick: () => this.send(text) }, text)));
  }

  /** A picture is sent as soon as it is chosen, with what has been typed. */
  attach() {
    const picker = el('input', { type: 'file', class: 'visually-hidden', accept: 'image/jpeg,image/png,image/gif',
      'aria-label': 'Send a picture', onchange: () => this.picture(picker) });
    return el('label', { class: 'attach', title: 'Send a picture' }, picker, el('span', { 'aria-hidden': 'true' }, '+'));
  }

  picture(picker) {
    const [file] = picker.files;
    picker.value = '';
    if (!file) return;
    if (file.size > 5 * 1024 * 1024) { this.phone.say('Pictures can have 5 MB at most.'); return; }
    const reader = new FileReader();
    reader.onload = () => {
      const text = this.field.value.trim();
      this.field.value = '';
      this.typed();
      this.send(text, [reader.result]);
    };
    reader.readAsDataURL(file);
  }

  open(number) {
    if (number === this.number) return;
    this.number = number;
    this.bubbles.clear();
    this.log.replaceChildren();
    this.field.value = this.drafts.get(number) || '';
    const sender = this.phone.senders.find((other) => other.number === number);
    this.title.textContent = sender?.name || pretty(number);
    this.subtitle.textContent = pretty(number);
    this.log.setAttribute('aria-label', `Conversation with ${this.title.textContent}`);
    this.typed();
    this.draw();
    this.toEnd();
  }

  focus() {
    // On a touch screen this would throw the keyboard over the conversation.
    if (matchMedia('(pointer: fine)').matches) this.field.focus({ preventScroll: true });
  }

  // -- showing

  messages() {
    const thread = this.phone.state.threads.find((other) => other.number === this.number);
    const stored = thread ? thread.messages : [];
    const ours = this.sending.get(this.number) || [];
    // A text keeps the key it was typed under, so its bubble stays when the carrier's record arrives.
    const keys = new Map(ours.filter(({ sid }) => sid).map(({ sid, key }) => [sid, key]));
    const known = new Set(stored.map(({ sid }) => sid));
    return [...stored.map((message) => ({ ...message, key: keys.get(message.sid) })),
      ...ours.filter(({ sid }) => !known.has(sid))];
  }

  draw() {
    if (!this.number) return;
    const follow = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_END;
    const messages = this.messages();
    const wanted = new Set(messages.map((message) => message.key || message.sid));
    for (const [key, row] of this.bubbles) {
      if (!wanted.has(key)) { row.remove(); this.bubbles.delete(key); }
    }
    this.drawEmpty(messages.length === 0);
    messages.forEach((message, place) => this.place(message, messages[place - 1], messages[place + 1]));
    if (follow) this.toEnd();
  }

  drawEmpty(empty) {
    this.log.querySelector('.log-empty')?.remove();
    if (empty) {
      this.log.append(el('p', { class: 'log-empty' }, `No texts yet. Say hello to ${this.title.textContent}.`));
    }
  }

  place(message, before, after) {
    const key = message.key || message.sid;
    const pause = !before || message.at - before.at > QUIET || dayOf(message.at) !== dayOf(before.at);
    const lastOfRun = !after || after.mine !== message.mine || after.at - message.at > QUIET;
    const look = `${message.state}|${pause}|${lastOfRun}|${dayOf(message.at)}`;
    let row = this.bubbles.get(key);
    if (!row) {
      row = this.bubble(message);
      this.bubbles.set(key, row);
    }
    if (row !== this.log.children[this.placeOf(before)]) {
      this.log.insertBefore(row, this.log.children[this.placeOf(before)] || null);
    }
    if (row.dataset.look === look) return;
    row.dataset.look = look;
    row.classList.toggle('tail', lastOfRun);
    row.querySelector('.when')?.remove();
    if (pause) row.prepend(el('p', { class: 'when' }, el('b', {}, dayOf(message.at)), ` ${timeOf(message.at)}`));
    row.querySelector('.state').replaceChildren(...this.tick(message, lastOfRun));
  }

  placeOf(before) {
    if (!before) return 0;
    return [...this.log.children].indexOf(this.bubbles.get(before.key || before.sid)) + 1;
  }

  bubble(message) {
    const text = message.body
      ? el('div', { class: isJumbo(message.body) ? 'jumbo' : 'bubble', dir: 'auto', title: timeOf(message.at) },
        withLinks(message.body))
      : null;
    const pictures = message.media.map((url) => el('a', { class: 'picture', href: url, target: '_blank',
      rel: 'noopener noreferrer' }, el('img', { src: url, alt: 'Picture', loading: 'lazy' })));
    // Outside the bubble: inside, it would decide the direction of a right-to-left text.
    const from = el('span', { class: 'visually-hidden' }, message.mine ? 'You:' : `${this.title.textContent}:`);
    return el('div', { class: `row-text ${message.mine ? 'mine' : 'theirs'}` }, from, ...pictures, text,
      el('div', { class: 'state' }));
  }

  tick(message, lastOfRun) {
    if (message.state === 'failed') {
      return [el('button', { type: 'button', class: 'failed', onclick: () => this.again(message) },
        icon('alert'), 'Not delivered. ', el('u', {}, 'Try again'))];
    }
    const look = STATES[message.state];
    if (!message.mine || !look || (!lastOfRun && message.state === 'delivered')) return [];
    return [icon(look[0]), look[1]];
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
  }

  // -- typing and sending

  typed() {
    if (this.number) this.drafts.set(this.number, this.field.value);
    this.field.style.height = 'auto';
    this.field.style.height = `${Math.min(this.field.scrollHeight + 2, 112)}px`;
    this.button.disabled = !this.field.value.trim();
  }

  key(event) {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.submit();
  }

  escape(event) {
    if (event.key !== 'Escape') return;
    this.phone.go('list');
    this.phone.list.focus();
  }

  submit() {
    const text = this.field.value.trim();
    if (!text) return;
    this.field.value = '';
    this.typed();
    this.send(text);
  }

  /** Shown at once; it becomes the carrier's own record when the server answers. */
  send(body, media = []) {
    const number = this.number;
    const message = { key: crypto.randomUUID?.() || String(Math.random()), mine: true, body, media,
      at: Date.now(), state: 'sending' };
    this.sending.set(number, [...(this.sending.get(number) || []), message]);
    this.draw();
    this.toEnd();
    this.deliver(number, message);
  }

  deliver(number, message) {
    message.state = 'sending';
    this.phone.act('send', { to: number, body: message.body, pictures: message.media })
      .then(({ sid }) => Object.assign(message, { sid, state: 'sent' }))
      .catch(() => { message.state = 'failed'; })
      .finally(() => this.draw());
  }

  again(message) {
    if (!message.sid) {
      this.deliver(this.number, message);
      this.draw();
    } else {
      this.phone.act('retry', { sid: message.sid }).catch(() => {});
    }
  }
}
