import type { Page } from 'playwright-core'

/** Roles that somebody who does not see the page meets one by one: each needs a name. */
const namedRoles = new Set([
  'button',
  'checkbox',
  'combobox',
  'dialog',
  'image',
  'link',
  'radio',
  'region',
  'searchbox',
  'spinbutton',
  'textbox',
])

/**
 * What keeps people from using a page: unnamed controls, as the browser's own accessibility tree has them; ids that name
 * two things or none; headings that skip a level; text too close in colour to its ground.
 */
export async function findBarriers(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page)
  const { nodes } = await session.send('Accessibility.getFullAXTree')
  await session.detach()
  const unnamed = nodes
    .filter(({ ignored, role }) => !ignored && namedRoles.has(String(role?.value)))
    .filter(({ name }) => String(name?.value ?? '').trim() === '')
    .map(({ role, nodeId }) => `a ${role?.value} without a name (node ${nodeId})`)
  return [...unnamed, ...(await page.evaluate(findInDocument))]
}

/** Runs in the page: everything it needs is inside. */
function findInDocument(): string[] {
  const barriers: string[] = []
  const shown = (element: Element) => element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })

  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id)
  for (const id of new Set(ids))
    if (ids.filter((other) => other === id).length > 1) barriers.push(`two elements #${id}`)
  for (const attribute of ['aria-labelledby', 'aria-describedby', 'for']) {
    for (const element of document.querySelectorAll(`[${attribute}]`)) {
      for (const id of (element.getAttribute(attribute) ?? '').split(/\s+/))
        if (document.getElementById(id) === null) barriers.push(`${attribute} names #${id}, which is not there`)
    }
  }

  let level = 0
  for (const heading of [...document.querySelectorAll('main :is(h1, h2, h3, h4)')].filter(shown)) {
    const next = Number(heading.tagName.slice(1))
    if (next > level + 1) barriers.push(`the heading “${heading.textContent}” skips a level`)
    level = next
  }
  if (document.querySelectorAll('h1').length !== 1) barriers.push('not exactly one h1')

  const channels = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number)
  const luminance = (colour: readonly number[]) => {
    const [red = 0, green = 0, blue = 0] = colour.slice(0, 3).map((value) => {
      const part = value / 255
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const groundOf = (element: Element): number[] => {
    for (let at: Element | null = element; at !== null; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor)
      if ((colour[3] ?? 1) === 1) return colour
    }
    return [255, 255, 255]
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let text = texts.nextNode(); text !== null; text = texts.nextNode()) {
    const element = text.parentElement
    if (element === null || (text.textContent ?? '').trim() === '' || element.closest('svg, :disabled') !== null)
      continue
    if (!shown(element)) continue
    const { color, fontSize, fontWeight } = getComputedStyle(element)
    const [low = 0, high = 0] = [luminance(channels(color)), luminance(groundOf(element))].sort((a, b) => a - b)
    const large =
      Number.parseFloat(fontSize) >= 24 || (Number.parseFloat(fontSize) >= 18.66 && Number(fontWeight) >= 700)
    const ratio = (high + 0.05) / (low + 0.05)
    if (ratio < (large ? 3 : 4.5))
      barriers.push(`“${text.textContent?.trim().slice(0, 40)}” has contrast ${ratio.toFixed(2)}`)
  }
  return barriers
}
