/** HTML that may stand in a page as it is: only `html` makes it. */
export class Html {
  readonly text: string

  constructor (text: string) {
    this.text = text
  }
}

/** What may be put into HTML: text is escaped, HTML stands as it is, nothing is left where there is nothing. */
export type HtmlValue = Html | string | number | false | undefined | readonly HtmlValue[]

/** A template of HTML: whatever is put into it is text, in elements and in quoted attributes, unless it is HTML itself. */
export function html (strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(strings.map((text, index) => text + (index < values.length ? write(values[index]) : '')).join(''))
}

function write (value: HtmlValue): string {
  if (value === undefined || value === false) return ''
  if (value instanceof Html) return value.text
  return typeof value === 'object' ? value.map(write).join('') : escape(String(value))
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function escape (text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] as string)
}
