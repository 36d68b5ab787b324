// Polaris' toasts: at most three at a time, at the bottom of the admin.

const MOST = 3;
const USUALLY = 5000;

export class Toasts {
  constructor(root, send) {
    this.root = root;
    this.send = send;
  }

  show({ id, message, duration, isError, action }) {
    const toast = document.createElement('div');
    toast.className = isError ? 'toast is-error' : 'toast';
    toast.dataset.id = id;
    const words = document.createElement('p');
    words.textContent = String(message).slice(0, 200);
    toast.append(words);
    if (action) toast.append(this.button(String(action), 'toast-action', () => this.press(id)));
    const close = this.button('', 'toast-close', () => this.hide(id, true));
    close.setAttribute('aria-label', 'Dismiss');
    toast.append(close);
    this.root.append(toast);
    while (this.root.children.length > MOST) this.root.firstElementChild.remove();
    setTimeout(() => this.hide(id), Number(duration) || USUALLY);
  }

  hide(id, dismissed = false) {
    const toast = [...this.root.children].find((each) => each.dataset.id === id);
    if (!toast) return;
    toast.remove();
    this.send({ bridge: 'toast-gone', id, dismissed });
  }

  press(id) {
    this.send({ bridge: 'toast-action', id });
    this.hide(id);
  }

  button(text, name, act) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = name;
    button.textContent = text;
    button.addEventListener('click', act);
    return button;
  }
}
