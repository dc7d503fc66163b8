import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml'
import type { Document, Node, YAMLMap } from 'yaml'

/** A place in a text, counted from 1. */
export interface Position { readonly line: number, readonly column: number }

type Path = readonly (string | number)[]

/**
 * Tells where in a YAML or JSON text the value at a path is written: its key, or its first character in a list. What an alias or a merge key
 * (`<<`) brought in is where its anchor is; what is not there is where it would have to be added. Never throws: a text that cannot be parsed
 * to its end is known as far as it was.
 */
export function positionsIn (text: string): (path: Path) => Position {
  const lines = new LineCounter()
  const document = parseDocument(text, { merge: true, uniqueKeys: false, lineCounter: lines, prettyErrors: false, logLevel: 'silent' })
  const anchors = anchorsOf(document)
  return (path) => {
    const { line, col } = lines.linePos(find(document.contents, path, anchors))
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
}

type Anchors = ReadonlyMap<Node, Node>

/** What each alias stands for: the last node before it with that anchor. */
function anchorsOf (document: Document.Parsed): Anchors {
  const named = new Map<string, Node>()
  const anchors = new Map<Node, Node>()
  visit(document, {
    Node: (_key, node) => {
      if (isAlias(node)) {
        const target = named.get(node.source)
        if (target) anchors.set(node, target)
      } else if (node.anchor !== undefined) {
        named.set(node.anchor, node)
      }
    }
  })
  return anchors
}

/** Offset of what is at `path`, or of the last thing on the way to it. */
function find (root: unknown, path: Path, anchors: Anchors): number {
  let node = behind(root, anchors)
  let offset = startOf(node) ?? 0
  for (const token of path) {
    const [at, next] = step(node, String(token), anchors, 0) ?? []
    if (at === undefined) break
    offset = at
    node = behind(next, anchors)
  }
  return offset
}

type Step = readonly [offset: number, value: unknown]

function step (node: unknown, token: string, anchors: Anchors, depth: number): Step | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(token)]
    return item === undefined ? undefined : [startOf(item) ?? 0, item]
  }
  return isMap(node) ? stepInto(node, token, anchors, depth) : undefined
}

function stepInto (map: YAMLMap, token: string, anchors: Anchors, depth: number): Step | undefined {
  const named = (name: string) => map.items.findLast(({ key }) => (isScalar(key) ? String(key.source ?? key.value) : '') === name || (isScalar(key) && String(key.value) === name))
  const own = named(token)
  if (own) return [startOf(own.key) ?? 0, own.value]
  const merged = behind(named('<<')?.value, anchors)
  // An anchor may be merged into itself.
  if (depth > 20) return undefined
  for (const source of isSeq(merged) ? merged.items : [merged]) {
    const found = step(behind(source, anchors), token, anchors, depth + 1)
    if (found) return found
  }
  return undefined
}

function behind (node: unknown, anchors: Anchors): unknown {
  return isAlias(node) ? anchors.get(node) : node
}

function startOf (node: unknown): number | undefined {
  return (node as { readonly range?: readonly [number, number, number] | null } | null | undefined)?.range?.[0]
}
