import { html } from '../catalogue/html.ts'
import type { Html, HtmlValue } from '../catalogue/html.ts'
import type { Named } from './view.ts'

/** A heading of a table; a column of figures is set to the right. */
export interface Column { readonly heading: string, readonly isText?: boolean }

export const text = (heading: string): Column => ({ heading, isText: true })
export const figure = (heading: string): Column => ({ heading })

/** A row: its key, by which it stays what it is when the page is kept fresh, and its cells, of which the first names it. */
export interface Row { readonly key: string, readonly cells: readonly HtmlValue[] }

/**
 * A table that scrolls by itself where it is wider than the page, also by keyboard; on a phone each row is a card, which takes the roles to still be read as a table. Where it has no rows it is
 * the sentence that says why.
 */
export function table (id: string, caption: string, columns: readonly Column[], rows: readonly Row[], empty: string): Html {
  if (rows.length === 0) return html`<p class="empty">${empty}</p>`
  const mark = (index: number): Html | false => columns[index]?.isText === true && html` class="text"`
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table id="${id}" role="table">
<caption>${caption}</caption>
<thead role="rowgroup"><tr role="row">${columns.map(({ heading }, index) => html`<th scope="col" role="columnheader"${mark(index)}>${heading}</th>`)}</tr></thead>
<tbody role="rowgroup">${rows.map(({ key, cells: [first, ...rest] }) => html`
<tr role="row" data-key="${key}"><th scope="row" role="rowheader">${first}</th>${rest.map((cell, index) => html`<td role="cell" data-label="${columns[index + 1]?.heading}"${mark(index + 1)}><div>${cell}</div></td>`)}</tr>`)}
</tbody></table></div>`
}

/** The same where there are more rows than people look at: the others are there to be opened. */
export function longTable (id: string, caption: string, columns: readonly Column[], rows: readonly Row[], empty: string, shown = 10): Html {
  const [first, others] = [rows.slice(0, shown), rows.slice(shown)]
  return html`${table(id, caption, columns, first, empty)}${others.length > 0 && html`<details id="${id}-more"><summary>Altre ${others.length} righe</summary>${table(`${id}-others`, `${caption}: le altre`, columns, others, '')}</details>`}`
}

/** How much of a whole is used: what it says stands beside it as figures. */
export function bar (part: number, of: number): Html {
  const used = of > 0 ? Math.min(100, Math.round(part / of * 100)) : 100
  return html`<svg class="bar ${used >= 100 ? 'full' : used >= 80 ? 'high' : 'some'}" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect class="whole" width="100" height="8"></rect><rect class="part" width="${used}" height="8"></rect></svg>`
}

/** Something by its name, with its id. */
export function named ({ id, name }: Named): Html {
  return name === null ? identifier(id) : html`${name} <small>${identifier(id)}</small>`
}

/** An id: the whole of it is there to be read aloud and copied, and its beginning is seen. */
export function identifier (id: string): Html {
  return html`<code class="id" title="${id}">${id}</code>`
}

/** A word in a frame that says how something is: `good`, `bad`, or worth a `look`. */
export function badge (kind: 'good' | 'bad' | 'look' | 'plain', said: string): Html {
  return html`<span class="badge ${kind}">${said}</span>`
}

/** Figures and facts by what they are. */
export function facts (all: readonly (readonly [what: string, is: HtmlValue])[], kind = 'facts'): Html {
  return html`<dl class="${kind}">${all.map(([what, is]) => html`<div><dt>${what}</dt><dd>${is}</dd></div>`)}</dl>`
}

/** A section of the page. */
export function section (id: string, heading: string, content: HtmlValue): Html {
  return html`<section id="${id}" aria-labelledby="${id}-heading"><h2 id="${id}-heading">${heading}</h2>
${content}
</section>
`
}
