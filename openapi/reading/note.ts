/** Something in a contract that is served in another way than it is written, or not looked at: where (RFC 6901, in the bundle), and how it is read. */
export interface Note { readonly pointer: string, readonly message: string }

/** Takes notes, each message once: where it is true for the first time. */
export class Notes {
  readonly #notes = new Map<string, Note>()

  add (pointer: string, message: string): void {
    if (!this.#notes.has(message)) this.#notes.set(message, { pointer, message })
  }

  get all (): readonly Note[] { return [...this.#notes.values()] }
}
