import { escapeToken } from '../../openapi/reading/anatomy.ts'
import type { Json, JsonObject } from '../../openapi/document.ts'

/** Something that a contract says and that is left out: where it stands (JSON pointer), what is to be there instead, and what comes of it. */
export interface LeftOut { readonly pointer: string, readonly message: string }

/** Reads one member: what it says, or undefined where it says nothing that can be used. */
export type Read<Value> = (value: Json | undefined) => Value | undefined

/** An object of a contract, the members of which may also stand in the one around it for all; notes whatever cannot be used. */
export class ToldMembers {
  readonly leftOut: LeftOut[] = []
  readonly #own: JsonObject
  readonly #shared: JsonObject
  readonly #pointer: string
  readonly #sharedPointer: string

  constructor ({ own, pointer }: { readonly own: JsonObject, readonly pointer: string }, shared: { readonly own: JsonObject, readonly pointer: string } = { own: {}, pointer }) {
    [this.#own, this.#pointer, this.#shared, this.#sharedPointer] = [own, pointer, shared.own, shared.pointer]
  }

  /** A member that has to be there; `wanted` says what it must be. */
  needed<Value> (name: string, read: Read<Value>, wanted: string): Value | undefined {
    const value = read(this.#valueOf(name))
    if (value === undefined) this.miss(name, this.#valueOf(name) === undefined ? `${name} is missing: it must be ${wanted}` : `${name} must be ${wanted}`)
    return value
  }

  /** A member that may be left away. */
  optional<Value> (name: string, read: Read<Value>, wanted: string): Value | undefined {
    return this.#valueOf(name) === undefined ? undefined : this.needed(name, read, wanted)
  }

  /** Those of a list that can be used; none where it is left away. */
  list<Value> (name: string, read: Read<Value>, wanted: string): readonly Value[] {
    const all = this.optional(name, (value) => Array.isArray(value) ? value as readonly Json[] : undefined, `a list, each one ${wanted}`) ?? []
    return all.flatMap((one, index) => {
      const value = read(one)
      if (value !== undefined) return [value]
      this.leftOut.push({ pointer: `${this.#placeOf(name)}/${index}`, message: `${name}: number ${index + 1} must be ${wanted}` })
      return []
    })
  }

  /** Notes what is wrong with a member, where it stands or should. */
  miss (name: string, message: string): void {
    this.leftOut.push({ pointer: this.#placeOf(name), message })
  }

  #valueOf (name: string): Json | undefined {
    return Object.hasOwn(this.#own, name) ? this.#own[name] : this.#shared[name]
  }

  #placeOf (name: string): string {
    if (Object.hasOwn(this.#own, name)) return `${this.#pointer}/${escapeToken(name)}`
    return Object.hasOwn(this.#shared, name) ? `${this.#sharedPointer}/${escapeToken(name)}` : this.#pointer
  }
}
