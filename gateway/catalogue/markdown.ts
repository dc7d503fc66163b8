import { html } from './html.ts'
import type { Html } from './html.ts'

/** Longer descriptions are cut: a page is read, not downloaded. */
const mostCharacters = 20_000

const inlines = /`([^`\n]+)`|\*\*([^*\n]+)\*\*|\[([^\]\n]{1,200})\]\((https?:\/\/[^)\s]{1,500})\)/g

/** The little of Markdown that contracts use, as HTML: paragraphs, lists, bold, code and links to the web. Everything else, HTML above all, is shown as it is written. */
export function markdown (text: string): Html {
  const blocks = text.slice(0, mostCharacters).replaceAll('\r\n', '\n').split(/\n[ \t]*\n/).map((block) => block.trim()).filter((block) => block !== '')
  return html`${blocks.map(blockOf)}`
}

function blockOf (block: string): Html {
  const lines = block.split('\n')
  const first = lines.findIndex((line) => bullet.test(line))
  if (first === -1) return html`<p>${inline(block.replace(/^#{1,6}\s+/, ''))}</p>`
  const before = lines.slice(0, first).join('\n')
  return html`${before === '' ? '' : html`<p>${inline(before)}</p>`}<ul>${itemsOf(lines.slice(first)).map((item) => html`<li>${inline(item)}</li>`)}</ul>`
}

const bullet = /^\s*[-*]\s+/

/** A line that begins no item goes on with the one before. */
function itemsOf (lines: readonly string[]): readonly string[] {
  const items: string[] = []
  for (const line of lines) {
    if (bullet.test(line)) items.push(line.replace(bullet, ''))
    else items.push(`${items.pop() ?? ''} ${line.trim()}`)
  }
  return items
}

/** What stands within a line of it: bold, code, links. */
export function inline (text: string): Html {
  const parts: Html[] = []
  let at = 0
  for (const { 0: whole, index, 1: code, 2: bold, 3: label, 4: url } of text.matchAll(inlines)) {
    parts.push(html`${text.slice(at, index)}`, code !== undefined ? html`<code>${code}</code>` : bold !== undefined ? html`<strong>${bold}</strong>` : html`<a href="${url}" rel="noreferrer">${label}</a>`)
    at = index + whole.length
  }
  return html`${parts}${text.slice(at)}`
}
