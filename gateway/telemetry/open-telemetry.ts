import { auditPlaceOf } from '../audit/audit-place.ts'
import { readRecords } from '../audit/audit-reader.ts'
import { repeat } from '../repeat.ts'
import type { LiveEService } from '../route.ts'
import { destinationsOf } from './destination.ts'
import { Telemetry } from './telemetry.ts'
import type { TelemetryParts } from './telemetry.ts'

const beatMs = 5000

/** Opens the telemetry of a process: it is sent to those of the live e-services that are configured so. Throws what `Telemetry.open` throws. */
export async function openTelemetry ({ live, ...parts }: Pick<TelemetryParts, 'folder' | 'node' | 'now' | 'warn'> & { readonly live: () => readonly LiveEService[] }): Promise<Telemetry> {
  const { folder } = auditPlaceOf(parts.folder)
  return Telemetry.open({
    ...parts,
    read: (days) => readRecords(folder, days),
    destinations: () => destinationsOf(live(), parts.now),
    eservices: () => live().map(({ config: { name } }) => name)
  })
}

/** Keeps it going until it is stopped. */
export function runTelemetry (telemetry: Telemetry, stopped: AbortSignal, warn: (message: string) => void): void {
  for (const work of [async () => telemetry.beat(), async () => telemetry.ship()]) {
    void repeat(async () => {
      await work().catch((error: Error) => { warn(`telemetry: ${error.message}`) })
      return true
    }, beatMs, beatMs, stopped)
  }
}
