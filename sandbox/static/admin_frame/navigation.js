// Where the app is: the address of the outer page, the app's own items in the menu, the title.

export class Navigation {
  constructor({ root, appPath, shop, open, mayLeave }) {
    this.appPath = appPath;
    this.open = open;
    this.mayLeave = mayLeave;
    this.kept = `admin.nav.${shop}`;
    this.items = root.querySelector('[data-app-nav]');
    this.tabs = root.querySelector('[data-app-tabs]');
    this.title = root.querySelector('[data-app-title]');
    this.root = root;
    this.path = location.pathname.slice(appPath.length) + this.query() + location.hash || '/';
    if (!this.path.startsWith('/')) this.path = `/${this.path}`;
    this.show(this.recall());
    root.querySelector('[data-app-home]').addEventListener('click', (event) => this.go(event, this.home ?? '/'));
  }

  query() {
    const values = new URLSearchParams(location.search);
    values.delete('in');
    return values.size ? `?${values}` : '';
  }

  /** The app shows another page: so does the address, without a step of its own in the history,
      for the frame's step is one already. */
  moved(path) {
    this.path = path;
    const url = new URL(this.appPath + (path === '/' ? '' : path), location.origin);
    if (new URLSearchParams(location.search).get('in')) url.searchParams.set('in', 'cockpit');
    history.replaceState(null, '', url);
    this.mark();
  }

  describe({ title, nav }) {
    if (title) {
      // A page's own title often ends with the app's name, which stands before it already.
      this.title.textContent = title.replace(/ [·|–-] Parley$/, '');
      document.title = `${title} · ${document.title.split(' · ').at(-1)}`;
    }
    if (nav) this.show(nav);
  }

  show(nav) {
    sessionStorage.setItem(this.kept, JSON.stringify(nav));
    this.home = nav.find((each) => each.home)?.href;
    this.items.replaceChildren(...nav.filter((each) => !each.home).map((each) => this.item(each)));
    this.tabs.replaceChildren(...nav.map((each) => this.item(each)));
    this.mark();
  }

  item({ href, label }) {
    const item = document.createElement('li');
    const link = document.createElement('a');
    link.href = this.appPath + href;
    link.dataset.path = href;
    link.textContent = label;
    link.addEventListener('click', (event) => this.go(event, href));
    item.append(link);
    return item;
  }

  go(event, path) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    this.root.classList.remove('is-menu-open');
    if (this.mayLeave()) this.open(path);
  }

  mark() {
    const here = this.path.split(/[?#]/)[0];
    for (const list of [this.items, this.tabs]) this.markIn(list, here);
  }

  markIn(list, here) {
    const links = [...list.querySelectorAll('a')];
    const fits = links.filter(({ dataset: { path } }) => here === path || here.startsWith(`${path}/`));
    const best = fits.sort((a, b) => b.dataset.path.length - a.dataset.path.length)[0];
    for (const link of links) {
      if (link === best) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
  }

  recall() {
    try { return JSON.parse(sessionStorage.getItem(this.kept)) ?? []; } catch { return []; }
  }
}
