// Beside a password: a button that shows what was typed, and a meter where a new one is chosen. Words and address come with the script element.
'use strict'
{
  const { show, hide, of, label, address } = document.currentScript.dataset
  const MEASURE_AFTER_MS = 300

  // --- to look at what was typed

  function addButton (input) {
    const button = document.createElement('button')
    button.type = 'button'
    button.className = 'reveal'
    const unseen = document.createElement('span')
    unseen.className = 'unseen'
    unseen.textContent = ` ${of}`
    function turn (isShown) {
      input.type = isShown ? 'text' : 'password'
      button.replaceChildren(isShown ? hide : show, unseen)
    }
    button.addEventListener('click', () => turn(input.type === 'password'))
    // a browser remembers what it was typed into other fields
    input.form.addEventListener('submit', () => turn(false))
    input.spellcheck = false
    input.autocapitalize = 'none'
    turn(false)
    input.after(button)
  }

  // --- how hard the new one is to guess: the server says, because it knows what it refuses

  function addMeter (input) {
    const meter = document.createElement('meter')
    Object.assign(meter, { min: 0, max: 4, low: 2, high: 3, optimum: 4, value: 0, className: 'strength' })
    meter.setAttribute('aria-label', label)
    const words = document.createElement('span')
    words.className = 'strength-words'
    words.setAttribute('role', 'status')
    const box = document.createElement('div')
    // stands below the field as its help does
    box.className = 'help strength-box'
    box.hidden = true
    box.append(meter, words)
    const row = input.closest('.flex-container, .typed') || input
    row.after(box)

    async function measure () {
      const password = input.value
      if (!password) {
        box.hidden = true
        return
      }
      try {
        const body = new URLSearchParams({ password })
        const headers = { 'X-CSRFToken': input.form.elements.csrfmiddlewaretoken.value }
        const answer = await fetch(address, { method: 'POST', body, headers, redirect: 'error' })
        const { score, words: told } = await answer.json()
        // one that was asked earlier may be answered later
        if (password !== input.value) return
        meter.value = score
        words.textContent = told
        box.hidden = false
      } catch {
        // no answer is no reason to disturb anybody
        box.hidden = true
      }
    }

    let waiting
    input.addEventListener('input', () => {
      clearTimeout(waiting)
      waiting = setTimeout(measure, MEASURE_AFTER_MS)
    })
  }

  for (const input of document.querySelectorAll('input[type="password"]')) {
    addButton(input)
    if (input.autocomplete === 'new-password' && input.name.endsWith('1')) addMeter(input)
  }
}
