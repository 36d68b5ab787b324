// Stands in for https://cdn.shopify.com/shopifycloud/app-bridge.js inside the sandbox's admin frame.
// A classic script in the page's head: it must have patched `fetch` before any other script runs.
// Everything it knows it asks from the frame, whose origin is the one this script came from.

(() => {
  'use strict';

  const script = document.currentScript;
  const frameOrigin = new URL(script.src).origin;
  const framed = window.parent !== window;
  const originalFetch = window.fetch.bind(window);
  const originalOpen = window.open.bind(window);
  const SPARE = 5000; // ms before its end a token is renewed
  const PATIENCE = 10000; // ms to wait for the frame

  const here = new URL(location.href);
  const remembered = recall();
  const config = {
    apiKey: script.dataset.apiKey || document.querySelector('meta[name="shopify-api-key"]')?.content || '',
    shop: here.searchParams.get('shop') || remembered.shop || '',
    host: here.searchParams.get('host') || remembered.host || '',
    locale: here.searchParams.get('locale') || remembered.locale || 'en',
    appOrigins: [],
    disabledFeatures: [],
  };

  // --- talking with the frame ---------------------------------------------------------------

  const waiting = new Map();
  let lastId = 0;

  function tell(bridge, told = {}) {
    if (framed) window.parent.postMessage({ bridge, ...told }, frameOrigin);
  }

  function ask(bridge, told = {}) {
    lastId += 1;
    const id = lastId;
    return new Promise((resolve, reject) => {
      if (!framed) reject(new Error('This page is not inside Shopify admin.'));
      const timer = setTimeout(() => {
        waiting.delete(id);
        reject(new Error(`Shopify admin did not answer (${bridge}).`));
      }, PATIENCE);
      waiting.set(id, { resolve, reject, timer });
      tell(bridge, { id, ...told });
    });
  }

  window.addEventListener('message', (event) => {
    if (event.source !== window.parent || event.origin !== frameOrigin) return;
    const { bridge, id, error, ...told } = event.data ?? {};
    if (bridge === 'answer' && waiting.has(id)) {
      const { resolve, reject, timer } = waiting.get(id);
      clearTimeout(timer);
      waiting.delete(id);
      if (error) reject(new Error(error)); else resolve(told);
    } else {
      heard[bridge]?.(told, id);
    }
  });

  const heard = {
    'toast-action': (_told, id) => toasts.get(id)?.onAction?.(),
    'toast-gone': (told, id) => { if (told.dismissed) toasts.get(id)?.onDismiss?.(); toasts.delete(id); },
    'save-bar-save': () => saveBar.press('save'),
    'save-bar-discard': () => saveBar.press('discard'),
  };

  function recall() {
    try { return JSON.parse(sessionStorage.getItem('app-bridge')) ?? {}; } catch { return {}; }
  }

  function remember() {
    // Where third-party storage is blocked this fails, and the frame is asked each time.
    try {
      sessionStorage.setItem('app-bridge', JSON.stringify({ shop: config.shop, host: config.host, locale: config.locale }));
    } catch { /* as said */ }
  }

  const ready = ask('hello').then((told) => {
    Object.assign(config, { shop: told.shop, host: told.host, locale: told.locale });
    remember();
  });
  ready.catch(() => {});

  // --- session tokens -------------------------------------------------------------------------

  let token = { text: '', until: 0 };
  let asking = null;

  /** A session token that is good for some seconds yet. */
  async function idToken({ fresh = false } = {}) {
    if (!fresh && Date.now() < token.until - SPARE) return token.text;
    asking ??= ask('token').finally(() => { asking = null; });
    const told = await asking;
    token = { text: told.token, until: Date.now() + told.lifetime * 1000 };
    return token.text;
  }

  const isOurs = (url) => url.origin === location.origin || config.appOrigins.includes(url.origin);

  async function bridgedFetch(input, init) {
    if (!framed) return originalFetch(input, init);
    const request = new Request(input, init);
    if (!isOurs(new URL(request.url)) || request.headers.has('Authorization')) return originalFetch(request);
    const again = request.clone();
    const answer = await originalFetch(await signed(request, {}));
    if (answer.status === 401 && answer.headers.has('X-Shopify-Retry-Invalid-Session-Request')) {
      return afterwards(await originalFetch(await signed(again, { fresh: true })));
    }
    return afterwards(answer);
  }

  async function signed(request, how) {
    request.headers.set('Authorization', `Bearer ${await idToken(how)}`);
    request.headers.set('X-Requested-With', 'XMLHttpRequest');
    return request;
  }

  function afterwards(answer) {
    const url = answer.headers.get('X-Shopify-API-Request-Failure-Reauthorize-Url');
    if (url && (answer.status === 401 || answer.status === 403)) openOutside(url, '_top');
    return answer;
  }

  window.fetch = bridgedFetch;

  // --- where the app is -----------------------------------------------------------------------

  const OWN = ['embedded', 'hmac', 'host', 'id_token', 'locale', 'session', 'shop', 'timestamp'];

  function path() {
    const url = new URL(location.href);
    OWN.forEach((name) => url.searchParams.delete(name));
    return url.pathname + url.search + url.hash;
  }

  for (const name of ['pushState', 'replaceState']) {
    const original = history[name].bind(history);
    history[name] = (...given) => {
      original(...given);
      tell('path', { path: path() });
    };
  }
  window.addEventListener('popstate', () => tell('path', { path: path() }));
  window.addEventListener('hashchange', () => tell('path', { path: path() }));

  function openOutside(url, target) {
    tell('open', { url: new URL(url, location.href).href.replace(/^shopify:(\/\/)?(admin)?\/?/, 'shopify://admin/'), target });
  }

  window.open = (url, target, ...rest) => {
    const outside = ['_top', '_parent'].includes(target) || String(url).startsWith('shopify:');
    if (!outside) return originalOpen(url, target, ...rest);
    openOutside(String(url), '_top');
    return null;
  };

  document.addEventListener('click', (event) => {
    const link = event.composedPath().find((each) => each.href && ['A', 'S-LINK', 'S-BUTTON'].includes(each.tagName));
    if (!link || event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const target = link.getAttribute('target');
    if (['_top', '_parent'].includes(target) || String(link.href).startsWith('shopify:')) {
      event.preventDefault();
      openOutside(String(link.href), '_top');
    }
  });

  /** The patch page: come back to where one was going, with a token in the address. */
  async function reload(wanted) {
    const url = new URL(wanted, location.origin);
    if (url.origin !== location.origin) return;
    const text = await idToken({ fresh: true });
    await ready;
    for (const name of ['shop', 'host', 'locale']) url.searchParams.set(name, config[name]);
    url.searchParams.set('embedded', '1');
    url.searchParams.set('id_token', text);
    location.replace(url);
  }

  // --- what shows in the frame -------------------------------------------------------------------

  const toasts = new Map();

  const toast = {
    show(message, options = {}) {
      const id = `toast-${Math.random().toString(36).slice(2)}`;
      const { duration, isError, action } = options;
      toasts.set(id, options);
      tell('toast', { id, message: String(message), duration, isError, action });
      return id;
    },
    hide(id) { tell('toast-hide', { id }); },
  };

  const saveBar = {
    shown: null,
    show(id) { this.shown = id ?? ''; tell('save-bar', { on: true }); return Promise.resolve(); },
    hide() { this.shown = null; tell('save-bar', { on: false }); return Promise.resolve(); },
    toggle(id) { return this.shown === null ? this.show(id) : this.hide(id); },
    leaveConfirmation() { return this.shown === null ? Promise.resolve() : ask('leave').then(() => {}); },
    press(what) {
      const form = [...document.forms].find((each) => each.dataset.saveBarShown !== undefined);
      if (form) {
        if (what === 'save') form.requestSubmit(); else form.reset();
        return;
      }
      const bar = document.getElementById(this.shown) ?? document.querySelector('ui-save-bar');
      const main = bar?.querySelector('button[variant="primary"]');
      (what === 'save' ? main : bar?.querySelector('button:not([variant="primary"])'))?.click();
    },
  };

  // A form that says `data-save-bar` has one by itself: shown at the first change, gone after.
  function changed(event) {
    const form = event.target.closest?.('form[data-save-bar]');
    if (!form || form.dataset.saveBarShown !== undefined) return;
    form.dataset.saveBarShown = '';
    saveBar.show();
  }
  function settled(event) {
    if (event.target.dataset?.saveBarShown === undefined) return;
    delete event.target.dataset.saveBarShown;
    saveBar.hide();
  }
  document.addEventListener('input', changed);
  document.addEventListener('change', changed);
  document.addEventListener('submit', settled);
  document.addEventListener('reset', settled);

  // Navigation and title belong to the frame. A style sheet made in script needs no permission
  // from the page's Content-Security-Policy.
  const hidden = new CSSStyleSheet();
  hidden.replaceSync('s-app-nav, ui-nav-menu, ui-title-bar, ui-save-bar { display: none !important; }');
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, hidden];

  function navigation() {
    const menu = document.querySelector('s-app-nav, ui-nav-menu');
    if (!menu) return null;
    return [...menu.querySelectorAll('a, s-link')].map((link) => ({
      href: link.getAttribute('href'), label: link.textContent.trim(), home: link.getAttribute('rel') === 'home',
    }));
  }

  const title = () => document.querySelector('ui-title-bar')?.getAttribute('title')
    || document.querySelector('s-page[heading]')?.getAttribute('heading')
    || document.title;

  let told = '';
  function describe() {
    const now = JSON.stringify({ title: title(), nav: navigation() });
    if (now === told) return;
    told = now;
    tell('page', JSON.parse(now));
  }

  function loaded() {
    tell('path', { path: path() });
    describe();
    new MutationObserver(describe).observe(document.documentElement, {
      subtree: true, childList: true, attributes: true, attributeFilter: ['title', 'heading', 'href'],
    });
  }

  // Opened outside the admin, an app goes to where it belongs.
  const handle = config.shop.replace(/\.myshopify\.com$/, '');
  const wanted = here.searchParams.get('shopify-reload');
  if (!framed) {
    if (handle) location.replace(`${frameOrigin}/admin/store/${handle}/apps/parley${path().replace(/^\/(?=$|[?#])/, '')}`);
  } else if (wanted) {
    reload(wanted).catch((problem) => tell('trouble', { message: problem.message }));
  } else if (document.readyState === 'loading') {
    document.addEventListener('DOMContentLoaded', loaded);
  } else {
    loaded();
  }

  window.shopify = {
    config, ready, toast, saveBar,
    origin: frameOrigin,
    idToken: () => idToken(),
    loading: (on = true) => tell('loading', { on: Boolean(on) }),
    environment: { mobile: false, embedded: framed, pos: false },
  };
})();
