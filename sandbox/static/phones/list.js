// The list of conversations, newest first, and the senders one can write to.

import { el, icon, initials, pretty, shortened, whenShort } from './dom.js';

export class ListScreen {
  constructor(phone) {
    this.phone = phone;
    this.rows = el('ul', { class: 'threads' });
    this.lockButton = el('button', { type: 'button', class: 'round', 'aria-label': 'Lock the phone',
      onclick: () => { phone.go('lock'); phone.lock.focus(); } }, icon('lock'));
    this.root = el('div', { class: 'list' },
      el('div', { class: 'list-top' }, el('h3', {}, 'Messages'), this.lockButton), this.rows);
  }

  focus() {
    (this.rows.querySelector('button') || this.lockButton).focus({ preventScroll: true });
  }

  draw() {
    const held = this.root.contains(document.activeElement) ? document.activeElement.dataset.number : null;
    const threads = [...this.phone.state.threads].sort((a, b) => b.messages.at(-1).at - a.messages.at(-1).at);
    const silent = this.phone.senders.filter(({ number }) => !threads.some((t) => t.number === number));
    const rows = [...threads.map((thread) => this.thread(thread)), ...silent.map((s) => this.sender(s))];
    this.rows.replaceChildren(...rows);
    if (held) this.rows.querySelector(`[data-number="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
  }

  thread(thread) {
    const last = thread.messages.at(-1);
    const failed = last.state === 'failed' ? 'Not delivered' : '';
    const preview = failed || `${last.mine ? 'You: ' : ''}${shortened(last.body, 90) || 'Picture'}`;
    return this.row(thread, {
      when: whenShort(last.at),
      preview: el('span', { class: `thread-text${failed ? ' failed' : ''}`, dir: 'auto' }, preview),
      unread: thread.unread,
    });
  }

  sender(sender) {
    const hint = el('span', { class: 'thread-text' }, icon('write'), 'Write the first text');
    return this.row(sender, { when: '', preview: hint, unread: 0 });
  }

  row({ number, name }, { when, preview, unread }) {
    const badge = unread ? el('span', { class: 'unread', 'aria-label': `${unread} unread` }, String(unread)) : null;
    const face = el('span', { class: 'face face-brand', 'aria-hidden': 'true' }, initials(name));
    return el('li', {}, el('button', { type: 'button', class: `thread-row${unread ? ' is-unread' : ''}`,
      data: { number }, onclick: () => this.phone.openThread(number) },
    face,
    el('span', { class: 'thread-main' },
      el('span', { class: 'thread-top' }, el('strong', {}, name === number ? pretty(number) : name),
        el('span', { class: 'thread-when' }, when)),
      el('span', { class: 'thread-bottom' }, preview, badge))));
  }
}
