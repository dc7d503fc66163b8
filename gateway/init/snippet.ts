import { stringify } from 'yaml'
import type { Json } from '../../openapi/document.ts'

/** How the collection is written to which something is added: `block` is YAML's indented form, `lines` has brackets over several lines, `line` on one. */
export interface Layout {
  readonly style: 'block' | 'lines' | 'line'
  readonly isJson: boolean
  /** Where its members begin. */
  readonly column: number
  /** By how much what is inside is indented. */
  readonly step: number
}

/** A member as it is written in such a collection; lines behind the first are not indented yet. A comment is left out where none can stand. */
export function renderMember (name: string, value: Json, layout: Layout, comment?: string): string {
  if (layout.isJson) return layout.style === 'line' ? `${JSON.stringify(name)}: ${JSON.stringify(value)}` : `${JSON.stringify(name)}: ${JSON.stringify(value, undefined, layout.step)}`
  if (layout.style === 'block') return `${stringify({ [name]: value }, options(layout)).trimEnd()}${comment === undefined ? '' : ` # ${comment}`}`
  return stringify({ [name]: value }, { ...options(layout), collectionStyle: 'flow' }).trim().slice(2, -2)
}

/** An item of a list, in the same way. */
export function renderItem (value: Json, layout: Layout): string {
  if (layout.isJson) return JSON.stringify(value, undefined, layout.style === 'line' ? 0 : layout.step)
  if (layout.style === 'block') return stringify([value], options(layout)).trimEnd()
  return stringify(value, { ...options(layout), collectionStyle: 'flow' }).trim()
}

function options ({ step }: Layout) {
  return { indent: step, lineWidth: 0, singleQuote: true, aliasDuplicateObjects: false, flowCollectionPadding: true } as const
}
