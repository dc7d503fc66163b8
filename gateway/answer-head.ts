import type { ServerResponse } from 'node:http'

/** A header field of an answer: a list where it is sent in several lines. */
type Value = string | number | readonly string[]

/**
 * The header fields of an answer while it is put together: names and values in turn, as Node writes them fastest. Fields that were set on the response itself
 * are sent too, unless one of these has their name.
 */
export class AnswerHead {
  readonly #fields: Value[]

  /** Takes over the fields that there are, names and values in turn; a name may be there twice. */
  constructor (fields: Value[] = []) {
    this.#fields = fields
  }

  /** The value of a field by its name in any case, all of them where it is there several times; undefined where there is none. */
  get (name: string): Value | undefined {
    const values: Value[] = []
    for (let at = this.#find(name); at !== -1; at = this.#find(name, at + 2)) values.push(this.#fields[at + 1] as Value)
    return values.length > 1 ? values.flat().map(String) : values[0]
  }

  /** Sets a field, in the place of all with its name. */
  set (name: string, value: Value): void {
    const at = this.#find(name)
    if (at === -1) return this.add(name, value)
    this.#fields[at + 1] = value
    this.#removeFrom(at + 2, name)
  }

  /** Adds a field of which there is none with its name yet: nothing is looked for. */
  add (name: string, value: Value): void {
    this.#fields.push(name, value)
  }

  /** Adds a value beside those of its name. */
  append (name: string, value: string): void {
    const before = this.get(name)
    this.set(name, before === undefined ? value : [...[before].flat().map(String), value])
  }

  /** Takes a field out, however often it is there. */
  remove (name: string): void {
    this.#removeFrom(0, name)
  }

  /** Begins the answer with these fields. */
  write (response: ServerResponse, status: number): void {
    response.writeHead(status, this.#fields as string[])
  }

  #removeFrom (from: number, name: string): void {
    for (let at = this.#find(name, from); at !== -1; at = this.#find(name, at)) this.#fields.splice(at, 2)
  }

  #find (name: string, from = 0): number {
    const fields = this.#fields
    for (let at = from; at < fields.length; at += 2) {
      const field = fields[at] as string
      if (field.length === name.length && (field === name || field.toLowerCase() === name.toLowerCase())) return at
    }
    return -1
  }
}
