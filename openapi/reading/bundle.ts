import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { Adoptions } from './adoptions.ts'
import { componentsOf, escapeToken, slotOf } from './anatomy.ts'
import type { Slot } from './anatomy.ts'
import { DocumentError, isObject, parseText } from '../document.ts'
import type { Json, JsonObject, Parsed } from '../document.ts'
import { mostValues } from './extent.ts'
import { errorAt } from './origin.ts'
import type { Origin, Origins } from './origin.ts'
import { BundleFolder, digestOf, UnfollowedReference } from './vendored.ts'
import { Targets } from './targets.ts'

type Mutable = { [key: string]: Json }

/** A contract as one document; the files (absolute paths) that it was read from, its own first, and what they held then (see Contract); where what it took in comes from; and how values are written in the contract itself. */
export interface Bundle {
  readonly document: JsonObject
  readonly files: readonly string[]
  readonly digests: ReadonlyMap<string, string>
  readonly origins: Origins
  readonly written: Parsed['written']
}

/**
 * Reads a contract and every file it refers to inside its own folder or among what is vendored there, and returns one self-contained document in
 * which every `$ref` is local (`#/…`). References are kept, not inlined, so recursive schemas stay finite; only where OpenAPI has no place for what
 * is referred to (a path item, a list of parameters) does it stand in place of the reference.
 * Throws DocumentError, with the place and the reference, for what is not there, not vendored or outside of the folder.
 */
export async function bundle (file: string): Promise<Bundle> {
  const main = resolve(file)
  const text = await readFile(file, 'utf8').catch((error: Error) => { throw new DocumentError(file, `cannot be read: ${error.message}`) })
  const parsed = parseText(text, file)
  const folder = new BundleFolder(dirname(main))
  const targets = new Targets(main, file, parsed.value, folder)
  const bundler = new Bundler(main, targets)
  const document = bundler.rewrite(parsed.value, { kind: 'document', many: 'one' }, { file: main, pointer: '', at: '', root: '' }) as Mutable
  return { document: { ...document, components: bundler.adoptions.merge(document['components']) }, files: targets.files, digests: new Map([[main, digestOf(text)], ...folder.digests]), origins: bundler.origins, written: parsed.written }
}

/** Where a value stands: in its file, and in the bundle (`at`); `root` is the pointer of the outermost schema that it is in. */
export interface Spot extends Origin { readonly at: string, readonly root: string }

class Bundler {
  readonly origins = new Map<string, Origin>()
  readonly adoptions: Adoptions
  readonly #targets: Targets
  readonly #main: string
  #values = 0
  constructor (main: string, targets: Targets) {
    this.#main = main
    this.#targets = targets
    this.adoptions = new Adoptions(targets)
  }

  /** Returns a copy of `value` with every reference made local to the bundle. Members that hold data stay as they are. */
  rewrite (value: Json, slot: Slot, spot: Spot, trail: readonly string[] = []): Json {
    if (typeof value !== 'object' || value === null) return value
    if (++this.#values > mostValues) throw this.#error(spot, `it grows beyond ${mostValues} values when its references are followed`)
    if (isObject(value) && slot.kind === 'schema' && slot.many === 'one' && typeof value['$dynamicRef'] === 'string') return this.rewrite(withStaticReference(value, value['$dynamicRef']), slot, spot, trail)
    if (isObject(value) && typeof value['$ref'] === 'string') return this.#refer(value, value['$ref'], slot, spot, trail)
    if (Array.isArray(value)) return value.map((item: Json, index) => this.rewrite(item, { kind: slot.kind, many: 'one' }, below(spot, String(index)), trail))
    const copy: Mutable = Object.create(null) as Mutable
    for (const [name, member] of Object.entries(value)) {
      const inner = slot.many !== 'map' ? slotOf(slot.kind, name, member) : slot.kind === 'pathItem' && name.startsWith('x-') ? undefined : { kind: slot.kind, many: 'one' } as const
      copy[name] = inner ? this.rewrite(member, inner, inside(spot, name, slot), trail) : member
    }
    return slot.kind === 'schema' && slot.many === 'one' && isObject(value) && isObject(value['discriminator']) ? this.#mapTags(value, copy, value['discriminator'], spot) : copy
  }

  #refer (value: JsonObject, reference: string, slot: Slot, spot: Spot, trail: readonly string[]): Json {
    const target = this.#find(reference, spot)
    const kind = slot.many === 'one' ? componentsOf[slot.kind] : undefined
    const key = `${target.file}#${target.pointer}`
    if (kind !== undefined || slot.kind === 'extension') return { ...this.#besides(value, slot, spot, trail), $ref: `#${this.#localise(target, slot, kind ?? target.pointer.split('/')[2] ?? '')}` }
    if (trail.includes(key)) throw this.#error(below(spot, '$ref'), `$ref ${quoted(reference)} leads back to itself`)
    this.origins.set(spot.at, this.#originOf(target))
    const found = this.rewrite(target.value, slot, { ...spot, file: target.file, pointer: target.pointer, root: '' }, [...trail, key])
    return isObject(found) ? { ...found, ...(slot.kind === 'pathItem' || slot.many === 'map') && this.#besides(value, slot, spot, trail) } : found
  }

  /** What stands beside a reference. OpenAPI 3.0 says that it counts only for path items, and a list of named things has more of them there; texts stay for those who read the contract. */
  #besides (value: JsonObject, slot: Slot, spot: Spot, trail: readonly string[]): JsonObject {
    const others = Object.fromEntries(Object.entries(value).filter(([name]) => name !== '$ref'))
    if (slot.kind === 'pathItem' || slot.many === 'map' || (slot.kind === 'schema' && this.#targets.hasSiblings)) return this.rewrite(others, slot, spot, trail) as JsonObject
    return Object.fromEntries(Object.entries(others).filter(([, member]) => typeof member !== 'object'))
  }

  #localise (target: Origin & { readonly value: Json }, slot: Slot, kind: string): string {
    if (target.file === this.#main) return target.pointer
    const { pointer, isNew } = this.adoptions.name(target, kind)
    if (isNew) {
      this.origins.set(pointer, this.#originOf(target))
      this.adoptions.fill(pointer, this.rewrite(target.value, { kind: slot.kind, many: 'one' }, { ...target, at: pointer, root: target.pointer }))
    }
    return pointer
  }

  /** A discriminator names schemas too: by reference, or by their names under components, which those of other files may have lost on the way. */
  #mapTags (value: JsonObject, copy: Mutable, discriminator: JsonObject, spot: Spot): Json {
    const mapping = isObject(discriminator['mapping']) ? discriminator['mapping'] : {}
    const local = Object.entries(mapping).map(([tag, target]): [string, Json] => [tag, typeof target === 'string' ? this.#mapTag(target, spot) : target])
    const mapped = new Set(local.map(([, target]) => target))
    for (const list of ['oneOf', 'anyOf']) {
      const [before, after] = [value[list], copy[list]]
      if (!Array.isArray(before) || !Array.isArray(after)) continue
      for (const [index, branch] of before.entries()) {
        const [old, now] = [nameIn(branch as Json), nameIn(after[index] as Json)]
        if (old !== undefined && now !== undefined && old !== now && !mapped.has(`#/components/schemas/${now}`)) local.push([old, `#/components/schemas/${now}`])
      }
    }
    return local.length === 0 ? copy : { ...copy, discriminator: { ...discriminator, mapping: Object.fromEntries(local) } }
  }

  #mapTag (target: string, spot: Spot): string {
    const isName = !/[#/]|\.(?:ya?ml|json)$/i.test(target)
    if (isName && spot.file === this.#main) return target
    try {
      return `#${this.#localise(this.#targets.find(isName ? `#/components/schemas/${escapeToken(target)}` : target, spot), { kind: 'schema', many: 'one' }, 'schemas')}`
    } catch (error) {
      // A tag of nothing is none: values that bear it are refused.
      if (error instanceof UnfollowedReference) return target
      throw error
    }
  }

  #find (reference: string, spot: Spot): Origin & { readonly value: Json } {
    try {
      return this.#targets.find(reference, spot)
    } catch (error) {
      if (error instanceof UnfollowedReference) throw this.#error(below(spot, '$ref'), `$ref ${quoted(reference)} ${error.message}`)
      throw error
    }
  }

  #originOf ({ file, pointer }: Origin): Origin {
    return { file: this.#targets.shown(file), pointer }
  }

  #error (spot: Spot, reason: string): DocumentError {
    return errorAt({ file: this.#targets.shown(spot.file), pointer: spot.pointer }, reason)
  }
}

/** A dynamic reference (JSON Schema 2020-12, 8.2.3.2) leads where a plain one would: a contract is one schema resource, in which an anchor stands for one schema. */
function withStaticReference (schema: JsonObject, $ref: string): JsonObject {
  const { $dynamicRef: _, allOf, ...others } = schema
  return { ...others, allOf: [...Array.isArray(allOf) ? allOf as readonly Json[] : [], { $ref }] }
}

function below (spot: Spot, name: string): Spot {
  const step = `/${escapeToken(name)}`
  return { ...spot, pointer: spot.pointer + step, at: spot.at + step }
}

function inside (spot: Spot, name: string, slot: Slot): Spot {
  const next = below(spot, name)
  return slot.kind === 'schema' && slot.many === 'map' && spot.root === '' ? { ...next, root: next.pointer } : next
}

function nameIn (branch: Json): string | undefined {
  return isObject(branch) && typeof branch['$ref'] === 'string' ? branch['$ref'].split('/').at(-1) : undefined
}

// What is told of a reference: no credentials, and not all of one that is endless.
function quoted (reference: string): string {
  return `"${reference.slice(0, 300).replace(/\/\/[^/@]*@/, '//***@')}"`
}

