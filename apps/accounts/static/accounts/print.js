// The button that prints the page; without scripts there is none.
'use strict'
for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false
  button.addEventListener('click', () => window.print())
}
