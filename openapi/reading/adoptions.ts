import { basename, extname } from 'node:path'
import { escapeToken } from './anatomy.ts'
import { atPointer, isObject } from '../document.ts'
import type { Json, JsonObject } from '../document.ts'
import { segmentsOf } from '../json/field-tree.ts'
import type { Targets } from './targets.ts'
import type { Target } from './targets.ts'
import { decode, UnfollowedReference } from './vendored.ts'

type Mutable = { [key: string]: Json }

/** The components that a contract takes in from other files: each under its own name where that is free. */
export class Adoptions {
  readonly #places = new Map<string, string>()
  readonly #values = new Map<string, Json>()
  readonly #targets: Targets
  constructor (targets: Targets) {
    this.#targets = targets
  }

  /** The pointer under which a part of another file stands in the bundle, among the components of a kind; `isNew` when its value is not there yet. */
  name (target: Target, kind: string): { readonly pointer: string, readonly isNew: boolean } {
    const key = `${kind} ${target.file}#${target.pointer}`
    const known = this.#places.get(key)
    if (known !== undefined) return { pointer: known, isNew: false }
    const own = nameOf(target)
    for (let count = 1; ; count++) {
      const pointer = `/components/${kind}/${escapeToken(count === 1 ? own : `${own}_${count}`)}`
      if (this.#values.has(pointer) || this.#isTaken(pointer, target)) continue
      this.#places.set(key, pointer)
      this.#values.set(pointer, null)
      return { pointer, isNew: true }
    }
  }

  fill (pointer: string, value: Json): void {
    this.#values.set(pointer, value)
  }

  /** Adds what was taken in to the contract's own components. */
  merge (own: Json | undefined): JsonObject {
    const components: Mutable = { ...isObject(own) ? own : {} }
    for (const [pointer, value] of this.#values) {
      const [, kind = '', name = ''] = segmentsOf(pointer)
      const members = Object.assign(Object.create(null) as Mutable, components[kind]) as Mutable
      members[name] = value
      components[kind] = members
    }
    return components
  }

  /** Whether the contract itself has something else under this pointer; a mere alias of what is taken in is not something else. */
  #isTaken (pointer: string, target: Target): boolean {
    const own = atPointer(this.#targets.main, pointer)
    const [main] = this.#targets.files
    if (own === undefined) return false
    if (!isObject(own) || typeof own['$ref'] !== 'string') return true
    try {
      const found = this.#targets.find(own['$ref'], { file: main as string, pointer, root: '' })
      return found.file !== target.file || found.pointer !== target.pointer
    } catch (error) {
      if (error instanceof UnfollowedReference) return true
      throw error
    }
  }
}

/** The last name on the way to something that is a name and no keyword; of a whole file its own. */
function nameOf ({ file, pointer }: Target): string {
  const tokens = segmentsOf(pointer)
  const ofFile = basename(decode(file).split('?', 1)[0] ?? '', extname(file))
  const isComponent = tokens.length === 3 && tokens[0] === 'components'
  const words = isComponent || tokens.length <= 2 ? tokens.slice(-1) : [...tokens.slice(0, 1).filter((token) => token !== 'components'), ...tokens.slice(1)]
  return (words.length === 0 ? ofFile : words.join('-')).replaceAll(isComponent ? /(?!)/g : /[^\w.-]+/g, '-').replaceAll(/^-+|-+$/g, '') || 'Component'
}
