/** A stretch of literal path and the parameter behind it: its name in the contract and its key in the router. */
export interface Piece { readonly text: string, readonly parameter: { readonly name: string, readonly key: string } | undefined }

/** Values by the keys of the router, as it matched them. */
export type Matched = Readonly<Record<string, string | undefined>>

/** Takes a path template of a contract apart. The router knows parameters by position, because contracts may name them in ways that it does not understand. */
export function piecesOf (template: string): readonly Piece[] {
  const parts = [...template.matchAll(/([^{}]*)(?:\{([^}]+)\})?/g)].filter(([whole]) => whole !== '')
  return parts.map(([, text = '', name], index) => ({ text, parameter: name === undefined ? undefined : { name, key: `p${index}` } }))
}

/** The URL pattern under which the router knows a path template. */
export function patternOf (pieces: readonly Piece[]): string {
  return pieces.map(({ text, parameter }, index) => text.replaceAll(':', '::') + (parameter ? `:${parameter.key}${endsWithSegment(pieces[index + 1]) ? '' : shortest}` : '')).join('')
}

// Without it the router takes what stands behind a parameter, as in {id}:run, for a part of its name.
const shortest = '([^/]+?)'

function endsWithSegment (next: Piece | undefined): boolean {
  return next === undefined || next.text.startsWith('/')
}

/**
 * The path that was matched, written anew: never the raw target, so that both sides mean the same resource. Of values that are several texts,
 * given as they were `written`, the delimiters stay delimiters.
 */
export function pathOf (pieces: readonly Piece[], matched: Matched, written?: Matched): string {
  let path = ''
  for (const { text, parameter } of pieces) {
    path += text
    if (parameter === undefined) continue
    const raw = written?.[parameter.name]
    path += raw === undefined ? encodeURIComponent(matched[parameter.key] ?? '') : raw.replaceAll(/[^,;.=]+/g, (part) => encodeURIComponent(decodeURIComponent(part)).replaceAll('.', '%2E'))
  }
  return path
}

/** Path values as the router matched them, by the names of the contract. */
export function valuesOf (pieces: readonly Piece[], matched: Matched): Record<string, string | undefined> {
  const values = Object.create(null) as Record<string, string | undefined>
  for (const { parameter } of pieces) if (parameter) values[parameter.name] = matched[parameter.key]
  return values
}
