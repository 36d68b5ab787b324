// The bar over the top bar while something in the app is not saved.

export class SaveBar {
  constructor(root, send) {
    this.root = root;
    for (const what of ['save', 'discard']) {
      root.querySelector(`[data-${what}]`).addEventListener('click', () => send({ bridge: `save-bar-${what}` }));
    }
    window.addEventListener('beforeunload', (event) => { if (!root.hidden) event.preventDefault(); });
  }

  show() { this.root.hidden = false; }

  hide() { this.root.hidden = true; }

  mayLeave() {
    return this.root.hidden || window.confirm('Leave page with unsaved changes?');
  }
}
