// Building pages without innerHTML: texts come from strangers, so they only ever become text nodes.

const SVG = 'http://www.w3.org/2000/svg';

/** An element with properties and children; children that are strings become text. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'class') node.className = value;
    else if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'data') Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const ICONS = {
  back: ['M15 5l-7 7 7 7'],
  send: ['M12 19V6', 'M6 11l6-6 6 6'],
  lock: ['M6 11h12v9H6z', 'M9 11V8a3 3 0 0 1 6 0v3'],
  write: ['M4 20h4L19 9l-4-4L4 16z', 'M13 7l4 4'],
  plane: ['M21 15.5v-2l-8-5V4a1.5 1.5 0 0 0-3 0v4.5l-8 5v2l8-2.5v4.5l-2 1.5V21l3.5-1 3.5 1v-1.5l-2-1.5v-4.5z'],
  tick: ['M4 13l5 5L20 7'],
  ticks: ['M1 13l5 5L16 7', 'M12 17l1 1L23 7'],
  clock: ['M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z', 'M12 7v5l3 2'],
  alert: ['M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z', 'M12 7v6', 'M12 16.4v.2'],
  open: ['M14 4h6v6', 'M20 4l-9 9', 'M18 14v6H4V6h6'],
};

/** A small line icon; decoration only, so it is hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', `icon icon-${name}`);
  for (const d of ICONS[name]) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', d);
    svg.append(path);
  }
  return svg;
}

const LINK = /\bhttps?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/gi;

/** The text with its web addresses as links, as a fragment. */
export function withLinks(text) {
  const fragment = document.createDocumentFragment();
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    fragment.append(text.slice(from, match.index));
    fragment.append(el('a', { href: match[0], target: '_blank', rel: 'noopener noreferrer' }, match[0]));
    from = match.index + match[0].length;
  }
  fragment.append(text.slice(from));
  return fragment;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const EMOJI = /^(\p{Extended_Pictographic}|\p{Regional_Indicator}{2})/u;

/** One to three emoji and nothing else: phones show those large and without a bubble. */
export function isJumbo(text) {
  if (text.length > 40) return false;
  const parts = [...graphemes.segment(text.trim())].map((part) => part.segment);
  return parts.length > 0 && parts.length <= 3 && parts.every((part) => EMOJI.test(part));
}

/** The first `count` characters as people see them: an emoji family is never cut in two. */
export function shortened(text, count) {
  const parts = [...graphemes.segment(text)];
  return parts.length <= count ? text : `${text.slice(0, parts[count].index)}…`;
}

const clock = new Intl.DateTimeFormat('en-US', { hour: 'numeric', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat('en-US', { weekday: 'long' });
const date = new Intl.DateTimeFormat('en-US', { weekday: 'short', month: 'short', day: 'numeric' });
const longDate = new Intl.DateTimeFormat('en-US', { weekday: 'long', month: 'long', day: 'numeric' });
const DAY = 24 * 60 * 60 * 1000;

export const timeOf = (at) => clock.format(at);
export const today = () => longDate.format(Date.now());

/** "Today", "Yesterday", "Monday" or "Mon, Nov 2". */
export function dayOf(at) {
  const midnight = new Date().setHours(0, 0, 0, 0);
  if (at >= midnight) return 'Today';
  if (at >= midnight - DAY) return 'Yesterday';
  return (at >= midnight - 6 * DAY ? weekday : date).format(at);
}

/** What a list says about when: a time today, else the day. */
export const whenShort = (at) => (dayOf(at) === 'Today' ? timeOf(at) : dayOf(at));

export const initials = (name) =>
  name.replace(/[^\p{L}\p{N} ]/gu, '').split(/\s+/).filter(Boolean).slice(0, 2)
    .map((word) => [...word][0].toUpperCase()).join('') || '#';

/** +14155550101 as people read it: (415) 555-0101. */
export function pretty(number) {
  const parts = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number);
  return parts ? `(${parts[1]}) ${parts[2]}-${parts[3]}` : number;
}
