import { asyncScopes } from '../../policies/demands.ts'
import type { Interaction, Interactions, Replacement } from '../../policies/interactions.ts'

/** How many interactions are held at once; about half a kilobyte each. */
const usualCapacity = 200_000
/** How often interactions whose time is over are looked for, in ms. */
const sweepEvery = 60_000

/** Whether one state of an interaction comes after another: a later step, or the same of a later beginning. */
function isLater (one: Interaction, other: Interaction): boolean {
  return rankOf(one) > rankOf(other) || (rankOf(one) === rankOf(other) && one.startedAt > other.startedAt)
}

/** The place of its last step among all. */
export function rankOf ({ state }: Interaction): number {
  return asyncScopes.indexOf(state)
}

/** Interactions in this process's memory, each until its time is over. When it is full no new one begins: none that is under way is forgotten for it. */
export class MemoryInteractions implements Interactions {
  readonly #interactions = new Map<string, Interaction>()
  readonly #capacity: number
  #sweptAt = -Infinity

  constructor (capacity = usualCapacity) {
    this.#capacity = capacity
  }

  find (id: string, now: number): Interaction | undefined {
    const known = this.#interactions.get(id)
    return known && now < known.forgetAt ? known : undefined
  }

  replace (known: Interaction | undefined, next: Interaction, now: number): Replacement {
    if (this.find(next.id, now) !== known) return 'changed'
    if (!known && !this.hasRoom(now)) return 'unavailable'
    this.#interactions.set(next.id, next)
    return 'done'
  }

  /** True when it was taken back. */
  restore (known: Interaction | undefined, next: Interaction): boolean {
    if (this.#interactions.get(next.id) !== next) return false
    if (known) this.#interactions.set(known.id, known)
    else this.#interactions.delete(next.id)
    return true
  }

  /** Takes in what was known before, whatever is known now; without a state it is not known any more. */
  load ({ id, ...rest }: Pick<Interaction, 'id'> & Partial<Interaction>): void {
    if (rest.state) this.#interactions.set(id, { id, ...rest } as Interaction)
    else this.#interactions.delete(id)
  }

  /** Takes in what others know, where it is later than what is known here. */
  loadLater (interaction: Interaction): void {
    const known = this.#interactions.get(interaction.id)
    if (!known || isLater(interaction, known)) this.#interactions.set(interaction.id, interaction)
  }

  get size (): number { return this.#interactions.size }

  * [Symbol.iterator] (): Iterator<Interaction> { yield * this.#interactions.values() }

  /** Forgets those whose time is over. */
  sweep (now: number): void {
    this.#sweptAt = now
    for (const [id, { forgetAt }] of this.#interactions) if (now >= forgetAt) this.#interactions.delete(id)
  }

  /** Whether one more can begin. */
  hasRoom (now: number): boolean {
    if (Math.abs(now - this.#sweptAt) >= sweepEvery) this.sweep(now)
    return this.#interactions.size < this.#capacity
  }
}
