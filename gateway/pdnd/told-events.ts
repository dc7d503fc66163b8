import { isUuid } from '../../policies/claim.ts'
import { isRecord } from '../../policies/jws.ts'
import type { RegistryKind } from './registry-reads.ts'

/** Something that an event named. */
export interface Named { readonly kind: RegistryKind, readonly id: string }
type Told = Named & { readonly at: number }

/** How long it is remembered, in ms: much longer than the other processes of the state folder take to hear of it. */
const rememberedMs = 10 * 60 * 1000
/** Above so many nothing is remembered. */
const mostTold = 10_000

export const nameOf = ({ kind, id }: Named): string => `${kind} ${id}`

/**
 * What events named a while ago. The process that reads them keeps it for the others that share the state folder: they may know of things that it does
 * not. `now` in epoch ms.
 */
export class ToldEvents {
  readonly #now: () => number
  #told = new Map<string, Told>()
  /** From when on nothing is missing, and up to when it was heard; epoch ms. */
  #since = -Infinity
  #until = -Infinity

  constructor (now: () => number) {
    this.#now = now
  }

  note (named: Named): void {
    if (this.#told.size >= mostTold) this.forget()
    this.#told.set(nameOf(named), { ...named, at: this.#now() })
  }

  /** Some of it is missing. */
  forget (): void {
    this.#told.clear()
    this.#since = this.#now()
  }

  /** What was named in the last so many ms. */
  recent (ms: number): readonly Named[] {
    return [...this.#told.values()].filter(({ at }) => at >= this.#now() - ms)
  }

  /** What is kept of it. */
  kept (): Readonly<Record<string, unknown>> {
    this.#since = Math.max(this.#since, this.#now() - rememberedMs)
    for (const [name, { at }] of this.#told) if (at < this.#since) this.#told.delete(name)
    return { since: this.#since, until: this.#now(), named: [...this.#told.values()] }
  }

  /** Takes what another process kept, and gives what of it is news here: everything, where too much has happened since the last time. */
  hear (kept: unknown): (kind: RegistryKind, id: string) => boolean {
    const { since, until, named } = isRecord(kept) ? kept : {}
    const before = this.#told
    const isGap = typeof since !== 'number' || this.#until < since
    this.#told = new Map((Array.isArray(named) ? named : []).filter(isTold).map((one) => [nameOf(one), one]))
    this.#since = typeof since === 'number' ? since : this.#now()
    this.#until = typeof until === 'number' ? until : -Infinity
    return (kind, id) => {
      const told = this.#told.get(nameOf({ kind, id }))
      return isGap || (told !== undefined && told.at !== before.get(nameOf(told))?.at)
    }
  }
}

const kinds: readonly unknown[] = ['eservice', 'agreement', 'purpose', 'delegation', 'client', 'tenant'] satisfies RegistryKind[]

function isTold (one: unknown): one is Told {
  return isRecord(one) && kinds.includes(one['kind']) && isUuid(one['id']) && typeof one['at'] === 'number'
}
