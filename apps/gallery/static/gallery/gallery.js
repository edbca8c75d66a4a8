// Comforts of the gallery. Every page works without them.
'use strict'

// --- one line of news for everybody, screen readers included

let forgetting
function tell (text) {
  const news = document.getElementById('news')
  if (!news) return
  news.textContent = text
  clearTimeout(forgetting)
  forgetting = setTimeout(() => { news.textContent = '' }, 5000)
}

function tellFailure () {
  tell(document.getElementById('news')?.dataset.failed || '')
}
document.addEventListener('htmx:responseError', tellFailure)

// --- copy buttons: data-copy names the element whose text is copied

async function copy (text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text)
  // over plain HTTP there is no clipboard object
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'unseen'
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}

document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-copy]')
  if (!button) return
  try {
    await copy(document.getElementById(button.dataset.copy).textContent)
    tell(button.dataset.done)
    button.focus()
  } catch {
    tellFailure()
  }
})

// --- copy an image: clipboards take PNG only, whatever WeChat has drawn; hidden where the browser can't, as on http

async function asPng (address) {
  const answer = await fetch(address)
  if (!answer.ok) throw new Error(answer.statusText)
  const bitmap = await createImageBitmap(await answer.blob())
  const canvas = document.createElement('canvas')
  canvas.width = bitmap.width
  canvas.height = bitmap.height
  canvas.getContext('2d').drawImage(bitmap, 0, 0)
  return new Promise((resolve, reject) => canvas.toBlob((blob) => blob ? resolve(blob) : reject(new Error()), 'image/png'))
}

for (const button of document.querySelectorAll('[data-copy-image]')) {
  if (!navigator.clipboard?.write || !window.ClipboardItem) button.hidden = true
  button.addEventListener('click', async () => {
    try {
      // Safari wants the promise at once, while it still knows that somebody clicked
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': asPng(button.dataset.copyImage) })])
      tell(button.dataset.done)
    } catch {
      tellFailure()
    }
  })
}

// --- measures of another sheet begin with those of the preset that was chosen before

let preset
document.addEventListener('change', ({ target }) => {
  if (target.id !== 'sheet-preset') return
  if (target.value) {
    preset = target.selectedOptions[0]
    return
  }
  const before = preset?.isConnected ? preset : [...target.options].find((option) => option.defaultSelected)
  for (const [name, length] of Object.entries(before.dataset)) document.getElementById(`sheet-${name}`).value = length
})

// --- keys: / to search, arrows to the neighbours

function focusSearch () {
  const search = document.getElementById('search')
  search?.focus()
  search?.select()
  return Boolean(search)
}

function goToSearch () {
  const way = document.querySelector('a[data-search]') || document.querySelector('a.brand')
  if (way) location.href = `${way.href}#search`
}

if (location.hash === '#search') focusSearch()

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return
  if (event.target.closest('input, select, textarea, pre')) return
  if (event.key === '/') {
    event.preventDefault()
    if (!focusSearch()) goToSearch()
    return
  }
  const neighbour = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)
  if (neighbour) neighbour.click()
})

// --- boxes that ask: Escape, or a click elsewhere, closes them

document.addEventListener('click', (event) => {
  for (const box of document.querySelectorAll('details.confirm[open]')) {
    if (!box.contains(event.target)) box.open = false
  }
})

// the whole box can be seen, its buttons first
document.addEventListener('toggle', (event) => {
  if (!event.target.open || !event.target.matches('details.confirm')) return
  event.target.querySelector('.confirm-box').scrollIntoView({ block: 'nearest' })
}, true)

document.addEventListener('keydown', (event) => {
  const box = event.key === 'Escape' && document.querySelector('details.confirm[open]')
  if (!box) return
  box.open = false
  box.querySelector('summary').focus()
})

// --- how many characters are typed

function count (counter) {
  const input = document.getElementById(counter.dataset.counts)
  const length = [...input.value].length
  counter.textContent = `${length} / ${counter.dataset.most}`
  counter.classList.toggle('over', length > Number(counter.dataset.most))
}

for (const counter of document.querySelectorAll('[data-counts]')) {
  const input = document.getElementById(counter.dataset.counts)
  input.addEventListener('input', () => count(counter))
  count(counter)
}

// --- how a code will look: colour, background and size, as apps/gallery/preview.py has them

function preview () {
  const drawing = document.getElementById('preview-drawing')
  if (!drawing) return
  const { kind, color, line_color: own, is_hyaline: clear, width: asked } = drawing.closest('form').elements
  const isSquare = kind.value === 'qrcode'
  const inks = { auto: '#8a948d', own: own.value }
  const width = Math.min(Math.max(Number(asked.value) || 430, 280), 1280)
  drawing.setAttribute('color', (!isSquare && inks[color.value]) || '#000000')
  drawing.setAttribute('width', `${Math.round(100 * width / 1280)}%`)
  document.getElementById('preview-ground').classList.toggle('plate-clear', clear.checked && !isSquare)
  const size = document.getElementById('preview-size')
  size.textContent = size.dataset.text.replace('WIDTH', width).replace('CM', (2.54 * width / 300).toFixed(1))
}
document.addEventListener('input', preview)
document.addEventListener('htmx:afterSettle', preview)

// --- WeChat checks pages against the released version only, so other versions begin without the check

document.addEventListener('change', (event) => {
  if (event.target.id !== 'id_env_version') return
  document.getElementById('id_check_path').checked = event.target.value === 'release'
})

// --- a form that takes seconds says so, and is not sent twice

for (const form of document.querySelectorAll('form[data-busy]')) {
  const labels = new Map()
  form.addEventListener('submit', (event) => {
    if (labels.size) return event.preventDefault()
    const button = event.submitter || form.querySelector('button[type=submit]')
    labels.set(button, button.textContent)
    button.setAttribute('aria-disabled', 'true')
    button.textContent = form.dataset.busy
    tell(form.dataset.busy)
  })
  // the page may come back from the browser's cache
  window.addEventListener('pageshow', () => {
    for (const [button, label] of labels) {
      button.removeAttribute('aria-disabled')
      button.textContent = label
    }
    labels.clear()
  })
}

// --- nobody looks: what is asked for again and again rests

document.addEventListener('htmx:beforeRequest', (event) => {
  const trigger = event.detail.elt.getAttribute('hx-trigger') || ''
  if (document.hidden && trigger.startsWith('every')) event.preventDefault()
})

// --- what has been told once is not told again by a reload

if (document.querySelector('.told')) {
  const address = new URL(location.href)
  address.searchParams.delete('told')
  history.replaceState(history.state, '', address)
}

// --- what must be read first after a failure

const invalid = document.querySelector('[aria-invalid="true"]')
if (invalid) {
  invalid.focus({ preventScroll: true })
  // with what stands below it
  const field = invalid.closest('.field') || invalid
  field.scrollIntoView({ block: 'center' })
}
