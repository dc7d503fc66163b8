import { isObject, atPointer, parseObject } from '../document.ts'
import type { Json, JsonObject } from '../document.ts'
import { escapeToken, schemasIn } from './anatomy.ts'
import { segmentsOf } from '../json/field-tree.ts'
import type { Origin } from './origin.ts'
import { decode, resolveTarget, UnfollowedReference } from './vendored.ts'
import type { BundleFolder } from './vendored.ts'

/** What a reference leads to, and where that stands. */
export interface Target extends Origin { readonly value: Json }

/** Where a reference is written; `root` is the pointer of the outermost schema around it, '' where there is none. */
export interface Referrer extends Origin { readonly root: string }

const longestReference = 2000
const mostHops = 50

/** The files of a bundle by absolute path or URL, read when a reference leads to them for the first time. */
export class Targets {
  readonly #documents = new Map<string, JsonObject>()
  readonly #paths = new Map<string, string>()
  readonly #anchors = new Map<string, ReadonlyMap<string, string>>()
  readonly #folder: BundleFolder
  #hops = 0
  /** Whether what stands beside a `$ref` in a schema counts: since OpenAPI 3.1. */
  readonly hasSiblings: boolean
  readonly main: JsonObject
  constructor (path: string, shown: string, main: JsonObject, folder: BundleFolder) {
    this.main = main
    this.#folder = folder
    this.#documents.set(path, main)
    this.#paths.set(path, shown)
    this.hasSiblings = typeof main['openapi'] === 'string' && main['openapi'].startsWith('3.1')
  }

  /** The files that were read, as absolute paths: the contract's own first. */
  get files (): readonly string[] { return [...this.#documents.keys()].map((target, index) => index === 0 ? target : this.shown(target)) }

  /** The path of what is known by an absolute path or a URL, as it is told to people. */
  shown (target: string): string {
    return this.#paths.get(target) ?? target
  }

  /** Follows a reference; references on the way of its pointer are followed too, one at its end is not. Throws UnfollowedReference. */
  find (reference: string, from: Referrer): Target {
    if (++this.#hops > mostHops) throw new UnfollowedReference('leads back to itself')
    try {
      return this.#follow(reference, from)
    } finally {
      this.#hops--
    }
  }

  #follow (reference: string, from: Referrer): Target {
    if (reference.length > longestReference) throw new UnfollowedReference(`is longer than ${longestReference} characters`)
    const hash = reference.indexOf('#')
    const [target, fragment] = hash === -1 ? [reference, ''] : [reference.slice(0, hash), decode(reference.slice(hash + 1))]
    const known = target === '' ? undefined : this.#anchorsOf(from.file).get(target)
    const base = known ?? ''
    const file = target === '' || known !== undefined ? from.file : resolveTarget(target, from.file)
    if (fragment !== '' && !fragment.startsWith('/')) return this.#findAnchor(file, fragment)
    // Where there is no such thing in the file, the schema around may have it, as pasted JSON Schemas do with their `definitions`.
    const found = this.#walk(file, base + fragment) ?? (target === '' && from.root !== '' ? this.#walk(file, from.root + fragment) : undefined)
    if (!found) throw new UnfollowedReference('points to nothing')
    return found
  }

  #findAnchor (file: string, name: string): Target {
    this.#read(file)
    const pointer = this.#anchorsOf(file).get(`#${name}`)
    const found = pointer === undefined ? undefined : this.#walk(file, pointer)
    if (!found) throw new UnfollowedReference(`points to nothing: ${name.includes('/') ? `it has no / behind the #: did you mean "#/${name}"?` : 'there is no such anchor'}`)
    return found
  }

  #walk (file: string, pointer: string): Target | undefined {
    let value: Json | undefined = this.#read(file)
    let at = ''
    for (const [index, name] of segmentsOf(pointer).entries()) {
      const reference = isObject(value) ? value['$ref'] : undefined
      const next = atPointer(value, `/${escapeToken(name)}`)
      if (next === undefined && typeof reference === 'string') {
        const { file: other, pointer: through } = this.find(reference, { file, pointer: at, root: '' })
        return this.#walk(other, through + segmentsOf(pointer).slice(index).map((token) => `/${escapeToken(token)}`).join(''))
      }
      if (next === undefined) return undefined
      value = next
      at += `/${escapeToken(name)}`
    }
    return { file, pointer: at, value }
  }

  #read (target: string): JsonObject {
    const known = this.#documents.get(target)
    if (known) return known
    const { path, text } = this.#folder.read(target)
    this.#paths.set(target, path)
    const document = parseObject(text, path)
    this.#documents.set(target, document)
    return document
  }

  /** Pointers to what has an `$anchor` (by `#name`) or an `$id` (by that) in a file. */
  #anchorsOf (file: string): ReadonlyMap<string, string> {
    const known = this.#anchors.get(file)
    if (known) return known
    const anchors = new Map<string, string>()
    const document = this.#read(file)
    for (const { pointer, schema } of [...schemasIn(document), ...'openapi' in document ? [] : schemasIn(document, { kind: 'schema', many: 'one' })]) {
      for (const keyword of ['$anchor', '$dynamicAnchor']) if (typeof schema[keyword] === 'string') anchors.set(`#${schema[keyword]}`, pointer)
      if (typeof schema['$id'] === 'string' && schema['$id'] !== '') anchors.set(schema['$id'], pointer)
    }
    this.#anchors.set(file, anchors)
    return anchors
  }
}

