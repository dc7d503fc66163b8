import { readNode } from '../adapters/quotas-file.ts'
import { auditPlaceOf } from '../audit/audit-place.ts'
import { readRecords } from '../audit/audit-reader.ts'
import type { Following } from '../feeds.ts'
import { repeat } from '../repeat.ts'
import { ownFolders } from '../state-folder.ts'
import { Telemetry } from './telemetry.ts'
import type { TelemetryParts } from './telemetry.ts'

/** How often it is looked for what was left, in ms. */
const lookMs = 60_000

/** What is looked through, `folder` being that of this process; and by whom what is found is wanted. */
export interface LeftoversParts extends Pick<TelemetryParts, 'folder' | 'destinations' | 'now' | 'warn'> { readonly state: string }

/** The telemetry of processes that share the state folder and are gone, as when there are fewer workers than there were: the process that owns the feeds sends what none of them will. */
export function leftoversOf (parts: LeftoversParts): Following {
  return {
    follow: async (stopped) => repeat(async () => adoptLeftovers(parts), lookMs, lookMs, stopped),
    attend: async () => undefined
  }
}

/** Sends what every process left that is gone. False when something of it could not even be read, of which is warned. */
export async function adoptLeftovers ({ state, folder: own, ...parts }: LeftoversParts): Promise<boolean> {
  const adopt = async (folder: string): Promise<boolean> => {
    try {
      const node = await readNode(folder)
      if (node !== undefined) await Telemetry.adopt({ ...parts, folder, node, read: (days) => readRecords(auditPlaceOf(folder).folder, days), eservices: () => [] })
      return true
    } catch (error) {
      parts.warn(`what is left of telemetry in ${folder} cannot be sent: ${(error as Error).message}`)
      return false
    }
  }
  const folders = (await ownFolders(state).catch(() => [])).filter((folder) => folder !== own)
  return (await Promise.all(folders.map(adopt))).every(Boolean)
}
