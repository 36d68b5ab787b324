// The admin's side of App Bridge: opens the app in its frame and does what the app asks for.

import { Navigation } from './navigation.js';
import { SaveBar } from './save-bar.js';
import { Toasts } from './toasts.js';

const root = document.querySelector('[data-admin]');
const { shop, host, appOrigin, appPath } = root.dataset;
const iframe = document.querySelector('[data-app]');
const staffMenu = document.querySelector('[data-staff]');

const staff = () => staffMenu.value;
const send = (told) => iframe.contentWindow.postMessage(told, appOrigin);
const saveBar = new SaveBar(document.querySelector('[data-save-bar]'), send);
const toasts = new Toasts(document.querySelector('[data-toasts]'), send);
const navigation = new Navigation({ root, appPath, shop, open, mayLeave: () => saveBar.mayLeave() });
const bar = document.querySelector('[data-loading]');
const trouble = document.querySelector('[data-trouble]');

async function post(address, body) {
  const answer = await fetch(address, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ shop, staff: staff(), ...body }),
  });
  if (answer.status === 409) location.reload(); // uninstalled meanwhile
  if (!answer.ok) throw new Error(`The sandbox answers ${answer.status}.`);
  return answer.json();
}

// --- opening pages of the app -------------------------------------------------------------------

let overdue = null;
let first = true;

async function open(path) {
  loading(true);
  saveBar.hide();
  expectSignOfLife();
  try {
    const { url } = await post('/admin/launch', { path });
    if (first) iframe.contentWindow.location.replace(url);
    else iframe.contentWindow.location.href = url; // of another origin's location, only this is allowed
    first = false;
  } catch (problem) {
    explain(problem.message);
  }
}

// A page that loads App Bridge says hello within a blink; one that never does is in trouble.
function expectSignOfLife() {
  clearTimeout(overdue);
  trouble.hidden = true;
  overdue = setTimeout(() => explain('The app does not answer, or its page does not load App Bridge.'), 8000);
}

function explain(sentence) {
  clearTimeout(overdue);
  loading(false);
  trouble.hidden = false;
  trouble.querySelector('p').textContent = sentence;
}

function alive() {
  clearTimeout(overdue);
  trouble.hidden = true;
  root.classList.add('is-open');
}

function loading(on) {
  bar.hidden = !on;
}

trouble.querySelector('button').addEventListener('click', () => open(navigation.path));
iframe.addEventListener('load', () => loading(false));

// --- what the app says ----------------------------------------------------------------------------

const heard = {
  hello: (told) => { alive(); answer(told.id, { shop, host, locale: 'en' }); },
  async token(told) {
    try {
      answer(told.id, await post('/admin/session-token', {}));
    } catch (problem) {
      answer(told.id, { error: problem.message });
    }
  },
  path: (told) => { navigation.moved(String(told.path)); },
  page: (told) => { navigation.describe(told); },
  toast: (told) => toasts.show(told),
  'toast-hide': (told) => toasts.hide(told.id),
  'save-bar': (told) => { if (told.on) saveBar.show(); else saveBar.hide(); },
  leave: (told) => answer(told.id, saveBar.mayLeave() ? {} : { error: 'The person stays.' }),
  loading: (told) => loading(Boolean(told.on)),
  open: (told) => openOutside(String(told.url)),
  trouble: (told) => explain(String(told.message)),
};

function answer(id, told) {
  send({ bridge: 'answer', id, ...told });
}

window.addEventListener('message', (event) => {
  if (event.source !== iframe.contentWindow || event.origin !== appOrigin) return;
  const told = event.data;
  if (told && typeof told === 'object' && Object.hasOwn(heard, told.bridge)) heard[told.bridge](told);
});

/** Addresses of Shopify's are this sandbox's here; others open beside it. */
function openOutside(url) {
  const wanted = new URL(url, location.href);
  const ours = inTheSandbox(wanted);
  if (ours) location.assign(ours);
  else if (wanted.origin === appOrigin) location.assign(wanted);
  else if (['http:', 'https:'].includes(wanted.protocol)) window.open(wanted, '_blank', 'noopener');
}

function inTheSandbox(url) {
  const store = `/admin/store/${shop.replace('.myshopify.com', '')}`;
  if (url.origin === location.origin) return url.href;
  if (url.protocol === 'shopify:') return store + url.href.replace(/^shopify:\/\/admin/, '');
  if (url.host === 'admin.shopify.com') return `/admin${url.pathname}${url.search}`;
  if (url.pathname.startsWith('/shops/')) return url.pathname + url.search; // the stand-in's own OAuth
  if (!url.host.endsWith('.myshopify.com')) return null;
  if (url.pathname.startsWith('/admin/oauth/')) return `/shops/${url.host}${url.pathname}${url.search}`;
  return store + url.pathname.replace(/^\/admin/, '') + url.search;
}

// --- who is at the desk -------------------------------------------------------------------------------

// For this tab alone, so that two people can work side by side in two tabs.
staffMenu.addEventListener('change', () => open(navigation.path));

open(navigation.path);
