"""Whether a page stands still while it comes: it is written into a frame part by part, and places are compared.

No clock decides what is seen: the layout is looked at after each part, as a browser shows it that waits for the next,
and again when scripts and pictures are there.
"""

import re
from typing import Any

from playwright.sync_api import Page

# a sum, as the Layout Instability API has it: how much of the window moved, by how much of its longer side
LIMIT = 0.01
# a tag of an element that comes as one part
WHOLE = re.compile(r"<(/?)(header|li|nav|script|select|style|svg|table|textarea|title)\b", re.IGNORECASE)

FRAME = """async ([parts, {width, height}, patience]) => {
  const frame = document.createElement('iframe')
  const look = {all: 'initial', position: 'fixed', inset: '0 auto auto 0', background: 'white'}
  for (const [name, value] of Object.entries(look)) frame.style.setProperty(name, value)
  frame.style.setProperty('width', `${width}px`)
  frame.style.setProperty('height', `${height}px`)
  document.body.append(frame)
  const view = frame.contentWindow, inside = frame.contentDocument
  const until = performance.now() + patience

  async function wait (condition) {
    while (!condition()) {
      if (performance.now() > until) throw new Error(`never came true: ${condition}`)
      await new Promise(resolve => setTimeout(resolve))
    }
  }

  function end () {
    let node = inside
    while (node.lastChild) node = node.lastChild
    return node
  }

  const seen = ({left, right, top, bottom}) =>
    Math.max(0, Math.min(right, width) - Math.max(left, 0)) * Math.max(0, Math.min(bottom, height) - Math.max(top, 0))

  function places () {
    return new Map([...inside.body?.querySelectorAll('*') || []].map(each => [each, each.getBoundingClientRect()]))
  }

  let score = 0
  const moves = []
  function compare (before, now, when) {
    const way = each => {
      const was = before.get(each), is = now.get(each)
      return was && is ? [is.left - was.left, is.top - was.top] : [0, 0]
    }
    let area = 0, distance = 0
    for (const [each, was] of before) {
      const is = now.get(each), [right, down] = way(each)
      if (!is || Math.max(Math.abs(right), Math.abs(down)) < 3 || !was.width || !is.width) continue
      if (!seen(was) && !seen(is) || view.getComputedStyle(each).visibility === 'hidden') continue
      // what moves with its parent is counted there
      const [alongRight, alongDown] = way(each.parentElement)
      if (Math.abs(right - alongRight) < 1 && Math.abs(down - alongDown) < 1) continue
      area += seen(was) + seen(is)
      distance = Math.max(distance, Math.abs(right), Math.abs(down))
      const name = [each.localName, ...each.classList].join('.') + (each.id && `#${each.id}`)
      moves.push(`${when}: ${name} by ${Math.round(right)}, ${Math.round(down)}`)
    }
    score += Math.min(1, area / (width * height)) * distance / Math.max(width, height)
  }

  inside.open()
  // what a script puts off for a moment belongs to the loading
  let putOff = 0
  const later = view.setTimeout
  view.setTimeout = (act, milliseconds = 0, ...given) => {
    if (milliseconds > 300 || typeof act !== 'function') return later.call(view, act, milliseconds, ...given)
    putOff++
    return later.call(view, () => { putOff--; act(...given) }, milliseconds)
  }
  let before = new Map()
  for (const [number, part] of parts.entries()) {
    const mark = `part ${number}`
    inside.write(`${part}<!--${mark}-->`)
    // nothing is shown without the stylesheets, and a script may hold up what follows
    const styles = inside.getElementsByTagName('link')
    await wait(() => end().data === mark && [...styles].every(({rel, sheet}) => sheet || rel !== 'stylesheet'))
    const now = places()
    compare(before, now, `after part ${number}`)
    before = now
  }
  let isLoaded = false
  view.addEventListener('load', () => { isLoaded = true })
  inside.close()
  await wait(() => isLoaded)
  for (let shown = 0; shown < 2; shown++) await new Promise(resolve => view.requestAnimationFrame(resolve))
  await wait(() => putOff <= 0 && !inside.querySelector('.htmx-request, .htmx-swapping, .htmx-settling'))
  const pictures = [...inside.images].filter(image => seen(image.getBoundingClientRect()))
  // one that loads when it comes into view: here it is
  for (const picture of pictures) picture.loading = 'eager'
  await wait(() => pictures.every(picture => picture.complete))
  compare(before, places(), 'when all was there')
  frame.remove()
  return [score, moves]
}"""


def in_parts(html: str) -> list[str]:
    """The head, then the body line by line; an element of WHOLE is not divided."""
    head, body_tag, body = re.split(r"(<body[^>]*>)", html, maxsplit=1)
    parts, part, depth = [head + body_tag], "", 0
    for line in body.splitlines(keepends=True):
        part += line
        depth += sum(-1 if closes else 1 for closes, _name in WHOLE.findall(line))
        if depth <= 0 and part.strip() and part.rfind("<") <= part.rfind(">"):
            parts.append(part)
            part = ""
    return [*parts, part] if part else parts


def moves(page: Page, parts: list[str], viewport: Any, *, patience: int = 60) -> list[str]:
    """What moved in a window of this size while `parts` came, if it was more than LIMIT; the page's own address."""
    score, found = page.evaluate(FRAME, [parts, viewport, patience * 1000])
    return found if score >= LIMIT else []
