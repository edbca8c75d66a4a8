"""What axe-core finds on a page, light and dark, wide and narrow: WCAG 2.1 A and AA.

Each shape is looked at once in a run, and each combination of colours.
"""

from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.browser.conftest import SMALLEST, WIDE
from tests.browser.pages import has_room

LEVELS = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
COLOURS = {"type": "rule", "values": ["color-contrast"]}
# preload: axe would copy imported stylesheets into the page, which the policy refuses; no rule of these needs it
RESULTS: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
# narrow first: less is shown, and axe's first run in a page is its slowest
LOOKS: list[tuple[str, Any, Any]] = [
    ("narrow, light", SMALLEST, "light"),
    ("narrow, dark", SMALLEST, "dark"),
    ("wide, dark", WIDE, "dark"),
    ("wide, light", WIDE, "light"),
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
# What the contrast of a text comes from is a combination: its colour and size, and the grounds behind it. Marks texts
# with one that is not `known`, and answers those.
COMBINATIONS = """known => {
  const seen = new Set(known), found = new Set(), grounds = new Map()
  function ground (each) {
    if (!each) return ''
    if (!grounds.has(each)) {
      const {backgroundColor, backgroundImage, opacity} = getComputedStyle(each)
      const covers = backgroundColor.startsWith('rgb(') && opacity === '1'
      grounds.set(each, [backgroundColor, backgroundImage, opacity, covers ? '' : ground(each.parentElement)].join())
    }
    return grounds.get(each)
  }
  const isText = node => node.nodeType === Node.TEXT_NODE && node.data.trim()
  for (const each of document.body.querySelectorAll('*')) {
    delete each.dataset.newColours
    if (!each.getClientRects().length) continue
    if (!each.matches('input, select, textarea') && ![...each.childNodes].some(isText)) continue
    const {color, fontSize, fontWeight, textShadow} = getComputedStyle(each)
    const one = [color, fontSize, fontWeight, textShadow, ground(each)].join()
    if (seen.has(one)) continue
    found.add(one)
    each.dataset.newColours = ''
  }
  return [...found]
}"""
RUN = """async ([context, options]) => {
  const found = await axe.run(context, options)
  return found.violations.flatMap(({id, nodes}) => nodes.map(({target, any, all, none}) =>
    [id, String(target), [...any, ...all, ...none].map(check => check.message).join(' ')]))
}"""
_known_shapes: set[str] = set()
_known_colours: set[str] = set()


def look(page: Page) -> list[str]:
    """Every violation on the page that is open, as a line that says where and what; the window is wide then."""
    found: list[str] = []
    address = urlsplit(page.url).path
    shape, *parts = page.evaluate(SHAPES, list(_known_shapes))
    is_known = shape in _known_shapes
    if not is_known:
        page.evaluate(AT_ONCE)
        page.evaluate(AXE_SCRIPT)
    for name, viewport, scheme in LOOKS:
        page.set_viewport_size(viewport)
        if not has_room(page):
            found.append(f"{address} ({name}): reading it takes scrolling sideways")
        if is_known:
            continue
        page.emulate_media(color_scheme=scheme)
        # what but colours could differ in the dark is the same in the light
        wrong = look_at_structure(page) if scheme == "light" else []
        found += [f"{address} ({name}): {line}" for line in wrong + look_at_colours(page)]
    if not found:
        _known_shapes.update([shape, *parts])
    return found


def look_at_structure(page: Page) -> list[str]:
    options = {**RESULTS, "runOnly": LEVELS, "rules": {"color-contrast": {"enabled": False}}}
    return run_axe(page, {"exclude": [["[data-known]"]]}, options)


def look_at_colours(page: Page) -> list[str]:
    combinations = page.evaluate(COMBINATIONS, list(_known_colours))
    if not combinations:
        return []
    found = run_axe(page, {"include": [["[data-new-colours]"]]}, {**RESULTS, "runOnly": COLOURS})
    if not found:
        _known_colours.update(combinations)
    return found


def run_axe(page: Page, context: dict[str, Any], options: dict[str, Any]) -> list[str]:
    return [
        f"{rule} at {target}: {why}"
        for rule, target, why in page.evaluate(RUN, [context, options])
        if not any(rule == known and part in target for known, part in EXCEPTIONS)
    ]
