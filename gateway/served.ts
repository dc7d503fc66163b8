import type { Logger } from 'pino'
import type { Operated } from './operations.ts'

/** A gateway that serves, in this process or in several below it. */
export interface Served extends Operated {
  /** Where this process writes what happened. */
  readonly logger: Logger
  /** The files (absolute paths) that what is live was read from. */
  readonly files: () => readonly string[]
  /** Serves what came in to its end, and takes nothing new. */
  readonly stop: () => Promise<void>
}
