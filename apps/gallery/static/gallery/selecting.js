// Selecting many codes: ranges with shift, all that are shown, how many there are. The page works without it.
'use strict'

const ticks = () => [...document.querySelectorAll('.picker input')]

function countTicks () {
  const output = document.getElementById('selected-count')
  if (output) output.textContent = ticks().filter((tick) => tick.checked).length
}

// --- shift: everything from the last tick to this one becomes as this one

let last
document.addEventListener('click', (event) => {
  const tick = event.target.closest('.picker input')
  if (!tick) return
  const all = ticks()
  if (event.shiftKey && all.includes(last)) {
    const [from, to] = [all.indexOf(last), all.indexOf(tick)].sort((a, b) => a - b)
    for (const between of all.slice(from, to + 1)) between.checked = tick.checked
  }
  last = tick
  countTicks()
})

document.addEventListener('click', (event) => {
  if (event.target.id !== 'select-page' && event.target.id !== 'select-none') return
  for (const tick of ticks()) tick.checked = event.target.id === 'select-page'
  countTicks()
  // the button itself may be gone now
  if (event.target.id === 'select-none') document.getElementById('select-page').focus()
})

// --- cards come and go, and a page may come back with its ticks

document.addEventListener('htmx:afterSettle', countTicks)
window.addEventListener('pageshow', countTicks)

// --- sending: nothing ticked is said at once; many ticks are one field

document.addEventListener('submit', (event) => {
  if (event.target.id !== 'selecting' || event.submitter?.value !== 'ticked') return
  if (ticks().some((tick) => tick.checked)) return
  event.preventDefault()
  document.getElementById('news').textContent = event.target.dataset.none
})

document.addEventListener('formdata', (event) => {
  if (event.target.id !== 'selecting') return
  const chosen = event.formData.getAll('code')
  event.formData.delete('code')
  event.formData.set('codes', chosen.join(','))
})
