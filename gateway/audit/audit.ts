import type { Exchange } from '../exchange.ts'
import { auditPlaceOf, auditPlaces } from './audit-place.ts'
import { auditFiles } from './audit-reader.ts'
import { AuditTrail } from './audit-trail.ts'
import { Neighbours } from './neighbours.ts'
import type { TrailOptions } from './trail-options.ts'
import { Pseudonyms } from './pseudonyms.ts'
import { prepareUser } from './user.ts'

/** What keeps the records of a process, and names users in them. */
export interface Audit {
  readonly trail: AuditTrail
  readonly userOf: (exchange: Pick<Exchange, 'call'>) => string | undefined
  close (): Promise<void>
}

/** What opening needs: the state folder, in it the folder of what this process alone may write, and for how many days records are kept, which may change. */
export interface AuditParts extends Pick<TrailOptions, 'node' | 'now' | 'warn' | 'head'> { readonly state: string, readonly folder: string, readonly retentionDays: () => number }

const expiryMs = 3_600_000

/** Opens the records of a process. Their time is looked at now and each hour, also of those of processes that run no more. Never throws: what cannot be used now may be usable later. */
export async function openAudit (parts: AuditParts): Promise<Audit> {
  const pseudonyms = await Pseudonyms.open(parts)
  const neighbours = await Neighbours.open(parts.state, parts.folder)
  const trail = await AuditTrail.open({ ...parts, ...auditPlaceOf(parts.folder), neighbours: () => neighbours.there })
  const expire = async (): Promise<void> => removeExpired(parts, pseudonyms).catch((error: Error) => { parts.warn(`records whose time is over cannot be taken away: ${error.message}`) })
  await expire()
  const expiring = setInterval(() => { void expire() }, expiryMs).unref()
  return {
    trail,
    userOf: prepareUser(pseudonyms),
    async close () {
      clearInterval(expiring)
      neighbours.close()
      pseudonyms.close()
      await trail.close()
    }
  }
}

async function removeExpired ({ state, retentionDays, now }: AuditParts, pseudonyms: Pseudonyms): Promise<void> {
  for (const { folder } of await auditPlaces(state)) await auditFiles.removeExpired(folder, retentionDays(), now())
  await pseudonyms.expire(retentionDays())
}
