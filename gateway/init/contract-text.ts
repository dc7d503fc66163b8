import { isAlias, isCollection, isMap, isPair, isScalar, isSeq, parseDocument } from 'yaml'
import type { Document, Node, Pair, YAMLMap, YAMLSeq } from 'yaml'
import type { Json } from '../../openapi/document.ts'
import { renderItem, renderMember } from './snippet.ts'
import type { Layout } from './snippet.ts'

/** What is written into a mapping that has no such member yet. */
interface Added { readonly value: Json, readonly after: string | undefined, readonly comment: string | undefined }
interface Insertion { readonly offset: number, readonly text: string, readonly column: number }

/**
 * The text of a contract, to which members can be added where they are missing. Nothing else of it changes: what is added is written between what
 * is there, in the style around it, and comments, order, anchors and quotes stay as they are.
 */
export class ContractText {
  readonly text: string
  readonly #mark: string
  readonly #document: Document
  readonly #isJson: boolean
  readonly #newline: string
  readonly #step: number
  readonly #members = new Map<YAMLMap, Map<string, Added>>()
  readonly #items = new Map<YAMLSeq, Json[]>()
  constructor (written: string) {
    const text = written.replace(/^\ufeff/, '')
    this.text = text
    this.#mark = written.slice(0, written.length - text.length)
    // Merged members belong to other mappings, and stay there.
    this.#document = parseDocument(text, { merge: true, logLevel: 'silent' })
    this.#isJson = /^\s*\{/.test(text)
    this.#newline = text.includes('\r\n') ? '\r\n' : '\n'
    this.#step = /^( +)\S/m.exec(text)?.[1]?.length ?? 2
  }

  /** Adds a member at the end of a mapping, or `after` a member of it; the mappings that lead there are made where they are missing. Does nothing where something is there already. */
  add (path: readonly string[], value: Json, { after, comment }: { readonly after?: string, readonly comment?: string } = {}): void {
    let node: Node | null | undefined = this.#document.contents
    for (const [index, name] of path.entries()) {
      const holder = this.#follow(node)
      const found = this.#memberOf(holder, name)
      if (found === undefined) {
        if (isMap(holder)) this.#addTo(holder, path.slice(index), value, after, comment)
        return
      }
      node = found
    }
  }

  /** Adds an item at the end of a list that is there. */
  push (path: readonly string[], value: Json): void {
    const list = path.reduce<Node | null | undefined>((node, name) => this.#memberOf(this.#follow(node), name), this.#document.contents)
    const followed = this.#follow(list)
    if (isSeq(followed)) this.#items.set(followed, [...this.#items.get(followed) ?? [], value])
  }

  /** The text line by line: as it is, and as it is with what was added. */
  lines (): readonly { readonly before: string, readonly after: string }[] {
    const insertions = this.#insertions()
    let start = 0
    return this.text.split(/(?<=\n)/).map((before, index, all) => {
      const end = start + before.length
      const isLast = index === all.length - 1
      const own = insertions.filter(({ offset }) => offset >= start && (offset < end || isLast && offset === end))
      const after = own.toReversed().reduce((text, { offset, text: added }) => text.slice(0, offset - start) + added + text.slice(offset - start), before)
      start = end
      const mark = index === 0 ? this.#mark : ''
      return { before: mark + before, after: mark + after }
    })
  }

  /** The text with what was added. */
  result (): string {
    return this.lines().map(({ after }) => after).join('')
  }

  #addTo (holder: YAMLMap, [name = '', ...rest]: readonly string[], value: Json, after: string | undefined, comment: string | undefined): void {
    const added = this.#members.get(holder) ?? new Map<string, Added>()
    this.#members.set(holder, added)
    const known = added.get(name)
    if (rest.length === 0) {
      if (!known) added.set(name, { value, after, comment })
    } else added.set(name, { value: withMember(known?.value ?? {}, rest, value), after: known?.after, comment: undefined })
  }

  #memberOf (holder: Node | undefined, name: string): Node | null | undefined {
    if (isSeq(holder)) return holder.items[Number(name)] as Node | undefined
    return isMap(holder) ? valueIn(holder, name, (alias) => this.#follow(alias)) : undefined
  }

  #follow (node: Node | null | undefined): Node | undefined {
    return (isAlias(node) ? node.resolve(this.#document) : node) ?? undefined
  }

  #insertions (): readonly Insertion[] {
    const members = [...this.#members].flatMap(([holder, added]) => this.#insertMembers(holder, [...added]))
    const items = [...this.#items].flatMap(([list, values]) => this.#insertItems(list, values))
    // Where several collections end, what belongs to the inner ones goes first.
    return [...members, ...items].map((insertion, index) => ({ ...insertion, index })).toSorted((a, b) => a.offset - b.offset || b.column - a.column || a.index - b.index)
  }

  #insertMembers (holder: YAMLMap, added: readonly (readonly [name: string, added: Added])[]): readonly Insertion[] {
    const layout = this.#layout(holder, (holder.items[0]?.key as Node | undefined)?.range?.[0])
    const rendered = added.map(([name, { value, comment }]) => renderMember(name, value, layout, comment))
    if (holder.items.length === 0) return [this.#fill(holder, layout, rendered)]
    return added.map(([, { after }], index) => {
      const neighbour = (holder.items.find((pair) => keyOf(pair) === after) ?? holder.items.at(-1)) as Pair
      return this.#insertBehind(endOf(neighbour), layout, rendered[index] as string)
    })
  }

  #insertItems (list: YAMLSeq, values: readonly Json[]): readonly Insertion[] {
    const last = list.items.at(-1) as Node | undefined
    const layout = this.#layout(list, list.flow === true ? (list.items[0] as Node | undefined)?.range?.[0] : list.range?.[0])
    const rendered = values.map((value) => renderItem(value, layout))
    return last === undefined ? [this.#fill(list, layout, rendered)] : rendered.map((item) => this.#insertBehind(endOf(last), layout, item))
  }

  /** Writes the first members between brackets that hold nothing yet. */
  #fill (holder: YAMLMap | YAMLSeq, layout: Layout, rendered: readonly string[]): Insertion {
    const { style, column } = layout
    const margin = this.#margin(column)
    const text = style === 'line' ? ` ${rendered.join(', ')} ` : `${rendered.map((one) => margin + this.#indented(one, column)).join(',')}${margin.slice(0, -this.#step)}`
    return { column, offset: (holder.range?.[0] ?? 0) + 1, text }
  }

  #insertBehind (end: number, { style, column }: Layout, rendered: string): Insertion {
    const indented = this.#indented(rendered, column)
    const margin = this.#margin(column)
    if (style !== 'block') return { column, offset: end, text: style === 'line' ? `, ${indented}` : `,${margin}${indented}` }
    if (this.text[end - 1] === '\n') return { column, offset: end, text: `${margin.slice(this.#newline.length)}${indented}${this.#newline}` }
    const lineEnd = this.text.indexOf(this.#newline, end)
    return { column, offset: lineEnd === -1 ? this.text.length : lineEnd, text: margin + indented }
  }

  #margin (column: number): string {
    return this.#newline + ' '.repeat(column)
  }

  #indented (rendered: string, column: number): string {
    return rendered.split('\n').map((line, index) => index === 0 || line === '' ? line : ' '.repeat(column) + line).join(this.#newline)
  }

  /** How a collection is written, and in which column its members begin. */
  #layout (holder: YAMLMap | YAMLSeq, start: number | undefined): Layout {
    const [from = 0, to = 0] = holder.range ?? []
    const columnOf = (offset: number): number => offset - (this.text.lastIndexOf('\n', offset - 1) + 1)
    const base = { isJson: this.#isJson, step: this.#step }
    if (holder.flow !== true) return { ...base, style: 'block', column: columnOf(start ?? from) }
    const isOnOneLine = !this.text.slice(from, to).includes('\n') && !(this.#isJson && this.text.includes('\n'))
    const margin = /^ */.exec(this.text.slice(this.text.lastIndexOf('\n', from - 1) + 1))?.[0].length ?? 0
    const isOnOwnLine = start !== undefined && this.text.slice(from, start).includes('\n')
    return { ...base, style: isOnOneLine ? 'line' : 'lines', column: isOnOwnLine ? columnOf(start) : margin + this.#step }
  }
}

function withMember (holder: Json, [name = '', ...rest]: readonly string[], value: Json): Json {
  const members = holder as Readonly<Record<string, Json>>
  if (rest.length === 0) return { ...members, [name]: members[name] ?? value }
  return { ...members, [name]: withMember(members[name] ?? {}, rest, value) }
}

function keyOf ({ key }: Pair): string {
  return isScalar(key) ? String(key.value) : ''
}

/** The member of a mapping, one that is merged in included. */
function valueIn (holder: YAMLMap, name: string, follow: (node: Node) => Node | undefined): Node | null | undefined {
  const own = holder.items.find((pair) => keyOf(pair) === name)
  if (own) return own.value as Node | null
  for (const { key, value } of holder.items) {
    if (!isScalar(key) || String(key.value) !== '<<' && typeof key.value !== 'symbol') continue
    const sources = isSeq(value) ? value.items as Node[] : [value as Node]
    for (const source of sources) {
      const merged = follow(source)
      const found = isMap(merged) ? valueIn(merged, name, follow) : undefined
      if (found) return found
    }
  }
  return undefined
}

/** Where what a node holds ends, without what only follows it. */
function endOf (item: Node | Pair): number {
  if (isPair(item)) return item.value === null || (item.value as Node).range === undefined || isEmpty(item.value as Node) ? (item.key as Node).range?.[1] ?? 0 : endOf(item.value as Node)
  const last = isCollection(item) && item.flow !== true ? item.items.at(-1) as Node | Pair | undefined : undefined
  return last === undefined ? item.range?.[1] ?? 0 : endOf(last)
}

function isEmpty (node: Node): boolean {
  return isScalar(node) && node.range?.[0] === node.range?.[1]
}
