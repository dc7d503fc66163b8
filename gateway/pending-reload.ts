import type { Prepared } from './build.ts'

/** The two phases of a reload as somebody else asks for them, who may not wait for an answer: only what was put together last can go live, and only once. */
export class PendingReload {
  readonly #prepare: () => Promise<Prepared>
  #prepared: Prepared | undefined
  #asked = 0

  constructor (prepare: () => Promise<Prepared>) {
    this.#prepare = prepare
  }

  /** Puts the files together, in the place of whatever was or is being put together. Throws when they cannot go live, or are not wanted any more by then. */
  async prepare (): Promise<{ readonly hash: string }> {
    const discarded = this.discard()
    const asked = this.#asked
    await discarded
    const prepared = await this.#prepare()
    if (asked !== this.#asked) {
      await prepared.discard()
      throw new Error('the files were to be put together anew, or not at all, before they were')
    }
    this.#prepared = prepared
    return { hash: prepared.hash }
  }

  /** Throws when there is nothing that could go live. */
  commit (): void {
    const prepared = this.#prepared
    if (!prepared) throw new Error('nothing is put together that could go live')
    this.#prepared = undefined
    prepared.commit()
  }

  async discard (): Promise<void> {
    this.#asked++
    const prepared = this.#prepared
    this.#prepared = undefined
    await prepared?.discard()
  }
}
