import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, relative, resolve, sep } from 'node:path'
import { atPointer, DocumentError, isObject, parseObject } from './document.ts'
import type { Json, JsonObject } from './document.ts'

type Mutable = { [key: string]: Json }

/** A contract as one document, and the files (absolute paths) that it was read from, its own first. */
export interface Bundle { readonly document: JsonObject, readonly files: readonly string[] }

/**
 * Reads a contract and every file it refers to inside its own folder, and returns one self-contained document in which every `$ref`
 * is local (`#/…`). References are kept, not inlined, so recursive schemas stay finite.
 * Throws DocumentError, naming the reference, for URLs, for files outside the folder and for references that point to nothing.
 */
export async function bundle (file: string): Promise<Bundle> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => { throw new DocumentError(file, `the file cannot be read (${error.code ?? 'unknown error'})`) })
  const root = parseObject(text, file)
  const bundler = new Bundler(resolve(file), root)
  const document = bundler.rewrite(root, resolve(file)) as Mutable
  return { document: { ...document, components: merge(document['components'], bundler.components()) }, files: bundler.files }
}

class Bundler {
  readonly #files = new Map<string, JsonObject>()
  readonly #adopted = new Map<string, { file: string, kind: string, name: string, value: Json }>()
  readonly #main: string
  readonly #folder: string
  constructor (main: string, root: JsonObject) {
    this.#main = main
    this.#folder = dirname(main)
    this.#files.set(main, root)
  }

  get files (): readonly string[] { return [...this.#files.keys()] }

  /** Returns a copy of `value`, found in `file`, with every reference made local to the bundle. */
  rewrite (value: Json, file: string): Json {
    if (Array.isArray(value)) return value.map((item) => this.rewrite(item as Json, file))
    if (!isObject(value)) return value
    if (typeof value['$ref'] === 'string') return { ...value, $ref: this.#localise(value['$ref'], file) }
    const copy: Mutable = Object.create(null) as Mutable
    for (const [key, member] of Object.entries(value)) copy[key] = this.rewrite(member, file)
    return copy
  }

  /** The components that were taken in from other files, by kind and name. */
  components (): Mutable {
    const all: Record<string, Mutable> = {}
    for (const { kind, name, value } of this.#adopted.values()) (all[kind] ??= {})[name] = value
    return all
  }

  #localise (reference: string, from: string): string {
    const [target = '', pointer = ''] = reference.split('#', 2)
    if (/^[a-z][a-z0-9+.-]*:/i.test(target)) {
      throw new DocumentError(from, `$ref "${reference}" leads outside the bundle; save that file beside the contract and refer to it with a relative path`)
    }
    const file = target === '' ? from : resolve(dirname(from), target)
    const inside = relative(this.#folder, file)
    if (inside.startsWith(`..${sep}`) || inside === '..') throw new DocumentError(from, `$ref "${reference}" leads to a file outside the contract's folder`)
    const value = atPointer(this.#read(file, reference, from), pointer)
    if (value === undefined) throw new DocumentError(from, `$ref "${reference}" points to nothing`)
    if (file === this.#main) return `#${pointer}`
    return this.#adopt(file, pointer, value)
  }

  #adopt (file: string, pointer: string, value: Json): string {
    const [, , kind, name, ...rest] = pointer.split('/')
    if (!pointer.startsWith('/components/') || !kind || !name || rest.length > 0) {
      throw new DocumentError(file, `"#${pointer}" cannot be referred to from another file; move it under components/<kind>/<name>`)
    }
    const taken = this.#adopted.get(pointer)
    if (taken ? taken.file !== file : this.#hasOther(pointer, file)) {
      throw new DocumentError(file, `"#${pointer}" has a namesake in another file of the bundle; rename one of them`)
    }
    if (!taken) {
      const entry = { file, kind, name, value: null as Json }
      this.#adopted.set(pointer, entry)
      entry.value = this.rewrite(value, file)
    }
    return `#${pointer}`
  }

  /** Whether the contract itself has something else under this pointer; a mere alias of the other file's entry is not something else. */
  #hasOther (pointer: string, file: string): boolean {
    const own = atPointer(this.#files.get(this.#main) as JsonObject, pointer)
    const [target = '', alias] = isObject(own) && typeof own['$ref'] === 'string' ? own['$ref'].split('#', 2) : []
    return own !== undefined && !(alias === pointer && resolve(this.#folder, target) === file)
  }

  #read (file: string, reference: string, from: string): JsonObject {
    const known = this.#files.get(file)
    if (known) return known
    const document = parseObject(readText(file, reference, from), file)
    this.#files.set(file, document)
    return document
  }
}

// Contracts are read once, at boot: waiting here keeps the walk over a document free of a promise per node.
function readText (file: string, reference: string, from: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new DocumentError(from, `$ref "${reference}": the file cannot be read`)
  }
}

function merge (own: Json | undefined, adopted: Mutable): Mutable {
  const components: Record<string, Mutable> = {}
  for (const source of [isObject(own) ? own : {}, adopted]) {
    for (const [kind, members] of Object.entries(source)) components[kind] = { ...components[kind], ...(members as Mutable) }
  }
  return components
}
