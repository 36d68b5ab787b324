// The page of phones: builds them from the state the server sent along, and keeps them live.

import { act, Live } from './live.js';
import { Phone } from './phone.js';
import { Switcher } from './switcher.js';

const start = JSON.parse(document.querySelector('[data-start]').textContent);
const shelf = document.querySelector('[data-shelf]');
const said = document.querySelector('[data-said]');
const lost = document.querySelector('[data-lost]');
const phones = new Map();

const live = new Live({
  versions: new Map(start.people.map(({ number }) => [number, start.phones[number].version])),
  show: (number, state) => phones.get(number).update(state),
  lost: (away) => {
    const sentence = away ? 'Connection lost. Trying again…' : '';
    if (lost.textContent !== sentence) lost.textContent = sentence;
  },
});

const switcher = new Switcher(document.querySelector('[data-switcher]'), phones);
start.people.forEach((person, place) => {
  const phone = new Phone({
    person,
    place,
    senders: start.senders,
    alone: shelf.classList.contains('phones-alone'),
    act: (name, body) => act(name, { phone: person.number, ...body }).finally(() => live.soon()),
    say: (sentence) => { said.textContent = sentence; },
    changed: () => switcher.refresh(),
  });
  phones.set(person.number, phone);
  shelf.append(phone.root);
  phone.update(start.phones[person.number], { first: true });
});
switcher.build(start.people);
live.soon();
