import { DayFiles } from './day-files.ts'
import type { DayFile } from './day-files.ts'

/** A file of evidence: what one process kept of one e-service on one day (Europe/Rome), or a part of it. */
export type Segment = DayFile

/** The files of evidence. */
export const evidenceFiles = new DayFiles('evidence')
