// Where only one phone fits, a row of faces chooses it; each shows how many texts wait.

import { el, initials } from './dom.js';

export class Switcher {
  constructor(root, phones) {
    this.root = root;
    this.phones = phones;
    this.tabs = new Map();
  }

  build(people) {
    if (!this.root) return;
    people.forEach(({ number, name }, place) => {
      const badge = el('span', { class: 'unread' });
      const face = el('span', { class: `face face-${place}`, 'aria-hidden': 'true' }, initials(name));
      const tab = el('button', { type: 'button', class: 'tab', onclick: () => this.choose(number) },
        face, el('span', { class: 'tab-name' }, name.split(' ')[0]), badge);
      this.tabs.set(number, { tab, badge });
      this.root.append(tab);
    });
    const last = sessionStorage.getItem('phones.chosen');
    this.choose(this.tabs.has(last) ? last : people[0].number);
    this.refresh();
  }

  choose(number) {
    sessionStorage.setItem('phones.chosen', number);
    for (const [other, { tab }] of this.tabs) {
      tab.setAttribute('aria-pressed', String(other === number));
      this.phones.get(other).root.classList.toggle('chosen', other === number);
    }
    this.phones.get(number).shown();
  }

  refresh() {
    for (const [number, { badge }] of this.tabs) {
      const unread = this.phones.get(number).unread;
      badge.textContent = unread || '';
      badge.hidden = !unread;
      badge.setAttribute('aria-label', `${unread} unread`);
    }
  }
}
