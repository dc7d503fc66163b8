import { open } from 'node:fs/promises'
import type { OpenFile, SignedHead } from './audit-file.ts'
import type { Neighbouring } from './audit-line.ts'
import type { AuditPlace } from './audit-place.ts'

/** How a trail is kept: `node` names the process, `now` is epoch ms, `head` is told of every head once it is on the disk. */
export interface TrailOptions extends AuditPlace {
  readonly node: string
  readonly now: () => number
  readonly warn: (message: string) => void
  readonly head: (head: SignedHead) => void
  /** What there is of other processes now. */
  readonly neighbours?: () => Neighbouring
  /** How long the disk may take before nothing more is expected of it; in ms. */
  readonly patienceMs?: number
  /** How often what was written is signed. */
  readonly headMs?: number
  /** How long after a failure it is tried again. */
  readonly retryMs?: number
  /** From how many bytes on a file is followed by another. */
  readonly fileBytes?: number
  /** How many bytes may wait for the disk. */
  readonly waitingBytes?: number
  readonly openFile?: OpenFile
}

const mebibyte = 1024 * 1024

/** How it is kept where nothing else is said. */
export const usualTrail = { neighbours: (): Neighbouring => ({}), patienceMs: 5000, headMs: 60_000, retryMs: 1000, fileBytes: 256 * mebibyte, waitingBytes: 16 * mebibyte, openFile: open }
