"""What axe-core finds on a page, light and dark, wide and narrow: WCAG 2.1 A and AA. Each shape is looked at once."""

from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.browser.conftest import SMALLEST, WIDE
from tests.browser.pages import has_room

LEVELS = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
# preload: axe would copy imported stylesheets into the page, which the policy refuses; no rule of these needs it
EVERYTHING: dict[str, Any] = {"runOnly": LEVELS, "resultTypes": ["violations"], "preload": False}
# what else could differ in the dark is the same in the light
COLOURS: dict[str, Any] = {**EVERYTHING, "runOnly": {"type": "rule", "values": ["color-contrast"]}}
LOOKS: list[tuple[str, Any, Any, dict[str, Any]]] = [
    ("wide, light", WIDE, "light", EVERYTHING),
    ("wide, dark", WIDE, "dark", COLOURS),
    ("narrow, dark", SMALLEST, "dark", COLOURS),
    ("narrow, light", SMALLEST, "light", EVERYTHING),
]
# rules that a part of somebody else's breaks: rule, part of its selector
EXCEPTIONS = {
    # SelectFilter2.js of Django's admin names a magnifying glass that stands beside the labelled field
    ("aria-prohibited-attr", ".search-label-icon"),
}
# the admin's colours fade from one scheme to the other, and axe would look at what is between
AT_ONCE = """() => {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync('*, ::before, ::after { transition: none !important; animation: none !important }')
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
}"""
# Elements that differ in words, addresses, names and ids alone have the same shape. Answers the shape of the page and
# those of its parts; parts that are `known`, or like an earlier one of the page, are marked.
SHAPES = """known => {
  const sheets = [...document.styleSheets]
  const rules = list => [...list].flatMap(rule => [rule, ...rules(rule.cssRules || rule.styleSheet?.cssRules || [])])
  const selectors = sheets.flatMap(sheet => rules(sheet.cssRules)).map(rule => rule.selectorText || '')
  const named = new Set(selectors.flatMap(text => text.match(/\\.[\\w-]+/g) || []).map(text => text.slice(1)))
  const told = /^(role|type|style|scope|rel|colspan|rowspan|headers|lang|aria-(?!label|described|controls|owns).*)$/
  const tag = each => [
    each.localName,
    ...[...each.classList].filter(name => named.has(name)).map(name => `.${name}`),
    ...[...each.attributes].filter(({name}) => name !== 'class')
      .map(({name, value}) => told.test(name) ? `${name}=${value}` : name).sort(),
    [...each.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim())
  ].join(' ')
  const shape = each => `${tag(each)}(${[...each.children].map(shape).join()})`
  const place = each => each === document.documentElement ? sheets.map(sheet => sheet.href).join() :
    `${place(each.parentElement)}>${tag(each)}`
  function short (text) {
    let high = 1, low = 2
    for (let i = 0; i < text.length; i++) {
      high = Math.imul(high ^ text.charCodeAt(i), 2654435761)
      low = Math.imul(low ^ text.charCodeAt(i), 1597334677)
    }
    return `${high >>> 0}.${low >>> 0}`
  }
  const seen = new Set(known), parts = []
  for (const part of document.querySelectorAll('header, nav, aside, footer, section, tr, li, option, .form-row')) {
    if (part.parentElement.closest('[data-known]')) continue
    const one = short(place(part.parentElement) + shape(part))
    if (seen.has(one)) part.dataset.known = ''
    seen.add(one)
    parts.push(one)
  }
  return [short(place(document.documentElement) + shape(document.documentElement)), ...parts]
}"""
RUN = """async options => {
  const found = await axe.run({exclude: [['[data-known]']]}, options)
  return found.violations.flatMap(({id, nodes}) => nodes.map(({target, any, all, none}) =>
    [id, String(target), [...any, ...all, ...none].map(check => check.message).join(' ')]))
}"""
_known: set[str] = set()


def look(page: Page) -> list[str]:
    """Every violation on the page that is open, as a line that says where and what."""
    found = []
    address = urlsplit(page.url).path
    shape, *parts = page.evaluate(SHAPES, list(_known))
    # as the window is
    looks = LOOKS if page.viewport_size == WIDE else LOOKS[::-1]
    if shape not in _known:
        page.evaluate(AT_ONCE)
        page.evaluate(AXE_SCRIPT)
    for name, viewport, scheme, options in looks:
        page.set_viewport_size(viewport)
        if not has_room(page):
            found.append(f"{address} ({name}): reading it takes scrolling sideways")
        if shape in _known:
            continue
        page.emulate_media(color_scheme=scheme)
        for rule, target, why in page.evaluate(RUN, options):
            if not any(rule == known and part in target for known, part in EXCEPTIONS):
                found.append(f"{address} ({name}): {rule} at {target}: {why}")
    if not found:
        _known.update([shape, *parts])
    return found
