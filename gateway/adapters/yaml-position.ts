import { isAlias, isMap, isSeq, visit } from 'yaml'
import type { Document, LineCounter } from 'yaml'

/** The line (from 1) of a YAML document where a path of keys and positions leads, or as far along it as it goes. */
export function lineAt (document: Document, path: readonly (string | number)[], lines: LineCounter): number {
  let node: unknown = document.contents
  let offset = offsetOf(node) ?? 0
  for (const step of path) {
    const holder = isAlias(node) ? node.resolve(document) : node
    const pair = isMap(holder) ? holder.items.find(({ key }) => String(key) === String(step)) : undefined
    const next = isSeq(holder) ? holder.items[Number(step)] : pair?.value
    offset = offsetOf(pair?.key) ?? offsetOf(next) ?? offset
    node = next
  }
  return lines.linePos(offset).line
}

/** Every alias of a YAML document whose anchor is missing, or comes after it. */
export function unresolvedAliases (document: Document, lines: LineCounter): { line: number, message: string }[] {
  const found: { line: number, message: string }[] = []
  // The library looks through the whole document for the anchor of one alias.
  const anchors = new Set<string>()
  visit(document, {
    Value: (_key, { anchor }) => { if (anchor !== undefined) anchors.add(anchor) },
    Alias: (_key, alias) => {
      if (anchors.has(alias.source)) return
      found.push({ line: lines.linePos(offsetOf(alias) ?? 0).line, message: `no anchor is called "${alias.source}"` })
    }
  })
  return found
}

function offsetOf (node: unknown): number | undefined {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : undefined
}
