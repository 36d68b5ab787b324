// The parts of every admin page: a menu that folds away where it is narrow, the store switcher, and who works here.

const root = document.querySelector('[data-admin]');
const button = document.querySelector('[data-menu-button]');

function turn(open) {
  root.classList.toggle('is-menu-open', open);
  button.setAttribute('aria-expanded', String(open));
}

button.addEventListener('click', () => turn(!root.classList.contains('is-menu-open')));
document.querySelector('[data-scrim]').addEventListener('click', () => turn(false));
document.addEventListener('keydown', (event) => { if (event.key === 'Escape') turn(false); });

for (const menu of document.querySelectorAll('details.switcher')) {
  document.addEventListener('click', (event) => { if (!menu.contains(event.target)) menu.open = false; });
  menu.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    menu.open = false;
    menu.querySelector('summary').focus();
  });
}

// Who works in this tab; chosen on any page, so kept by all of them.
const staff = document.querySelector('[data-staff]');
staff.value = sessionStorage.getItem('admin.staff') ?? staff.value;
if (!staff.value) staff.selectedIndex = 0;
staff.addEventListener('change', () => sessionStorage.setItem('admin.staff', staff.value));

// The cockpit beside which this is shown follows the store that is chosen here.
if (window.parent !== window) {
  window.parent.postMessage({ admin: 'shop', shop: root.dataset.shop }, location.origin);
}
