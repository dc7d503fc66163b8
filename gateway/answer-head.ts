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

  /** The value of a field by its name in any case; undefined where there is none. */
  get (name: string): Value | undefined {
    const at = this.#find(name)
    return at === -1 ? undefined : this.#fields[at + 1]
  }

  /** Sets a field, in the place of one with its name. */
  set (name: string, value: Value): void {
    const at = this.#find(name)
    if (at === -1) this.#fields.push(name, value)
    else this.#fields[at + 1] = value
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

  remove (name: string): void {
    const at = this.#find(name)
    if (at !== -1) this.#fields.splice(at, 2)
  }

  /** Begins the answer with these fields. */
  write (response: ServerResponse, status: number): void {
    response.writeHead(status, this.#fields as string[])
  }

  #find (name: string): number {
    const fields = this.#fields
    for (let at = 0; at < fields.length; at += 2) {
      const field = fields[at] as string
      if (field.length === name.length && (field === name || field.toLowerCase() === name.toLowerCase())) return at
    }
    return -1
  }
}
