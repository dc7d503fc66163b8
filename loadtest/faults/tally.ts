import { describeAnswer, isExpected } from '../expected.ts'
import type { Expected } from '../expected.ts'
import type { Answer } from './caller.ts'
import { Times } from './times.ts'

/** Counts answers by what they are; each one is one of the kinds that may come, or unexpected. */
export class Tally<Kind extends string> {
  readonly times = new Times()
  readonly #kinds: Readonly<Record<Kind, Expected>>
  readonly #counts = new Map<Kind, number>()
  readonly #unexpected = new Map<string, number>()

  constructor (kinds: Readonly<Record<Kind, Expected>>) {
    this.#kinds = kinds
  }

  /** Counts an answer and says what it is, or undefined. */
  note (answer: Answer): Kind | undefined {
    const { status, body, ms } = answer
    this.times.note(ms)
    const kind = (Object.keys(this.#kinds) as Kind[]).find((one) => isExpected(this.#kinds[one], status, body))
    if (kind === undefined) this.#unexpected.set(describeAnswer(status, body), (this.#unexpected.get(describeAnswer(status, body)) ?? 0) + 1)
    else this.#counts.set(kind, this.count(kind) + 1)
    return kind
  }

  count (kind: Kind): number { return this.#counts.get(kind) ?? 0 }

  /** How many answers were unexpected, and what they were. */
  get failed (): number { return this.#unexpected.values().reduce((sum, count) => sum + count, 0) }
  get unexpected (): readonly string[] { return [...this.#unexpected].map(([what, count]) => `${count} x ${what}`) }
}
