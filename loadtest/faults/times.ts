import { percentile } from '../percentile.ts'

/** How long calls took, in ms. */
export class Times {
  readonly #all: number[] = []

  note (ms: number): void { this.#all.push(ms) }

  get count (): number { return this.#all.length }
  get worst (): number { return this.at(1) }

  /** The time within which a share of the calls was answered (nearest rank). */
  at (share: number): number { return percentile(Float64Array.from(this.#all).toSorted(), share) }
}
