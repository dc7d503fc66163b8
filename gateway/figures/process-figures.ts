import { readdirSync } from 'node:fs'

/** What a process takes of its machine: memory in bytes, CPU time since its start in s, and the file descriptors that it has open (null where the system does not tell). */
export interface ProcessFigures {
  readonly memory: { readonly rssBytes: number, readonly heapUsedBytes: number, readonly heapTotalBytes: number, readonly externalBytes: number }
  readonly cpu: { readonly userSeconds: number, readonly systemSeconds: number }
  readonly openFiles: number | null
}

/** The same of this process; takes a tenth of a millisecond. */
export function processFigures (): ProcessFigures {
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  return {
    memory: { rssBytes: rss, heapUsedBytes: heapUsed, heapTotalBytes: heapTotal, externalBytes: external },
    cpu: { userSeconds: user / 1e6, systemSeconds: system / 1e6 },
    openFiles: countOpenFiles()
  }
}

/** Of Linux alone. The one with which they are counted is not told. */
function countOpenFiles (): number | null {
  try {
    return readdirSync('/proc/self/fd').length - 1
  } catch {
    return null
  }
}
