// While wxcode cannot be reached: what moves says so and goes on trying, and a form keeps the page and what was entered.
'use strict'
/* global tell: of gallery.js, which is on every page that has a place for news */

const texts = document.currentScript.dataset
const PROBE_MILLISECONDS = 10000
// what a proxy answers when nobody stands behind it
const isAway = (status) => status >= 502 && status <= 504
const asksAgain = (element) => (element.getAttribute('hx-trigger') || '').startsWith('every')

function forget (place) {
  for (const note of place.querySelectorAll(':scope > .unreachable')) note.remove()
}

function note (place, text, role) {
  forget(place)
  const line = document.createElement(place.localName === 'ul' ? 'li' : 'p')
  line.className = 'unreachable'
  line.setAttribute('role', role)
  line.textContent = text
  place.append(line)
  return line
}

// --- what asks again and again, and what asks while somebody types

function sayLost (element) {
  // that one has nothing to show as long as nothing has ended
  if (element.id === 'ended') return
  const goesOn = asksAgain(element)
  const place = goesOn ? element : element.closest('form')
  if (!place) {
    if (document.getElementById('news')) tell(texts.unreachable)
  } else if (!place.querySelector(':scope > .unreachable')) {
    // what stands there may say more: that the form was not sent
    note(place, goesOn ? texts.lost : texts.unreachable, 'status')
  }
}

document.addEventListener('htmx:sendError', (event) => sayLost(event.detail.elt))
document.addEventListener('htmx:responseError', (event) => {
  if (!isAway(event.detail.xhr.status)) return
  // gallery.js would say that it did not work
  event.stopImmediatePropagation()
  sayLost(event.detail.elt)
})
document.addEventListener('htmx:afterOnLoad', (event) => {
  const element = event.detail.elt
  if (isAway(event.detail.xhr.status)) return
  forget(element)
  if (element.closest('form')) forget(element.closest('form'))
})

// --- forms: the browser leaves the page for its own error, so somebody asks first whether wxcode answers

async function answers () {
  try {
    const probe = await fetch(texts.probe, { cache: 'no-store', signal: AbortSignal.timeout?.(PROBE_MILLISECONDS) })
    return !isAway(probe.status)
  } catch {
    return false
  }
}

const asked = new WeakSet()
const passed = new WeakSet()

document.addEventListener('submit', async (event) => {
  const form = event.target
  // a form without a method is sent by a script
  if (passed.delete(form) || !texts.probe || form.matches('[hx-get], [hx-post], :not([method])')) return
  event.preventDefault()
  event.stopImmediatePropagation()
  if (asked.has(form)) return
  asked.add(form)
  const submitter = event.submitter
  const isThere = await answers()
  asked.delete(form)
  if (isThere) {
    // the page may have replaced its part with the form meanwhile
    if (!form.isConnected) {
      form.hidden = true
      document.body.append(form)
    }
    forget(form)
    passed.add(form)
    form.requestSubmit(form.contains(submitter) || submitter?.form === form ? submitter : null)
    // a field that is not valid keeps it from being sent
    passed.delete(form)
    return
  }
  if (form.closest('header, footer') && document.getElementById('news')) tell(texts.unreachable)
  else note(form, form.method === 'post' ? texts.unsent : texts.unreachable, 'alert').scrollIntoView({ block: 'nearest' })
}, true)
