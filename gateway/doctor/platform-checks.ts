import { randomUUID } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { inTime, TooLate } from '../adapters/deadline.ts'
import { readSigningKey } from '../adapters/keychain-file.ts'
import { JwksKeys } from '../adapters/jwks.ts'
import { readRegistryFile } from '../adapters/registry-file.ts'
import { snapshotFile } from '../adapters/snapshot-file.ts'
import { ApiVouchers } from '../pdnd/api-voucher.ts'
import { InteropApi } from '../pdnd/interop-api.ts'
import { openPlatformConnection } from '../pdnd/platform-connection.ts'
import { Broken } from './examination.ts'
import type { Finding } from './examination.ts'
import { keyFilesOf } from './own-checks.ts'
import { askRunning } from './patient.ts'
import type { Patient } from './patient.ts'

/** How long the platform may take for one answer, in ms: less than a check may take, so that it says where nobody answers. */
const answerMs = 1500
/** A clock that is off by more than vouchers may come from the future is broken, in ms; `Date` is told in whole seconds. */
const mostAheadMs = 5000

/** The platform's signing keys, and what time it is there. */
export async function checkJwks (patient: Patient): Promise<Finding> {
  const { config: { environment, state, pdnd: { jwksUri } }, now } = patient
  const connection = openPlatformConnection(answerMs)
  const kept = await snapshotFile({ folder: state, name: 'platform-keys.json', source: `${environment} ${jwksUri}`, now, warn: () => undefined }).read()
  const age = kept ? `; those kept were fetched ${Math.round((now() - kept.at) / 60_000)} minutes ago` : ''
  try {
    const asked = now()
    const { status, headers, bytes } = await connection.get(jwksUri, { accept: 'application/json' }).catch((error: Error) => {
      throw new Broken(`${jwksUri}: ${error.message}${age}`, environment === 'sandbox' ? 'start the sandbox (npm run sandbox, or npm start for the whole demonstration), or mend pdnd.jwksUri in the configuration' : undefined)
    })
    if (status !== 200) throw new Broken(`${jwksUri} answers ${status}${age}`)
    const date = Date.parse(String(headers['date']))
    patient.aheadMs = Number.isNaN(date) ? undefined : aheadBy(date, asked, now())
    const keys = keysIn(bytes)
    if (keys === 0) throw new Broken(`${jwksUri} has no keys${age}`, 'mend pdnd.jwksUri in the configuration: what answers there is not the platform')
    return `${keys} keys at ${jwksUri}${age}`
  } finally {
    await connection.close()
  }
}

function keysIn (bytes: Buffer): number {
  try {
    const { keys } = JSON.parse(bytes.toString()) as { keys?: unknown }
    return Array.isArray(keys) ? keys.length : 0
  } catch {
    return 0
  }
}

/** By how much at least a clock that told a whole second is ahead of ours, in ms, when it told it between two moments of ours; negative when it is behind, 0 when it may be the same. */
export function aheadBy (date: number, asked: number, answered: number): number {
  if (date > answered) return date - answered
  return date + 1000 < asked ? date + 1000 - asked : 0
}

/** Our clock beside the platform's, and the rules of time in Italy, by which days of quotas and of tracing begin. */
export function checkClock ({ aheadMs }: Patient): Finding {
  const offset = (month: number): string => Temporal.ZonedDateTime.from({ timeZone: 'Europe/Rome', year: 2026, month, day: 15, hour: 12 }).offset
  if (offset(1) !== '+01:00' || offset(7) !== '+02:00') throw new Broken('the time zone Europe/Rome is not known as it is', 'install Node with full ICU data, and do not set NODE_ICU_DATA')
  return judgeClock(aheadMs)
}

/** What is said of a clock by how much that of the platform is ahead of it, in ms. */
export function judgeClock (aheadMs: number | undefined): Finding {
  if (aheadMs === undefined) return { detail: 'Europe/Rome is known', warnings: ['the platform does not say what time it is'] }
  if (Math.abs(aheadMs) > mostAheadMs) throw new Broken(`the clock of this machine is ${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs > 0 ? 'behind' : 'ahead of'} the platform's`)
  return 'within 5 s of the platform\'s; Europe/Rome is known'
}

/** That the platform gives the gateway's own client a voucher. */
export async function checkToken ({ config: { pdnd: { api, ...environment } }, now }: Patient): Promise<Finding> {
  if (!api) return undefined
  const way = 'look at the way from this machine to pdnd.tokenUrl (DNS, proxy, firewall), or wait for the platform'
  await inTime(new ApiVouchers({ client: api, environment, now, randomUUID }).take(), answerMs).catch((error: Error) => {
    throw error instanceof TooLate ? new Broken(`the token endpoint ${environment.tokenUrl} did not answer within ${answerMs / 1000} s`, way) : new Broken(error.message, error.message.includes('did not answer') ? way : undefined)
  })
  return `${environment.tokenUrl} gives client ${api.clientId} a voucher`
}

/** That consumers find at least one key of every keychain on the platform. */
export async function checkKeychain ({ config: { eservices, pdnd: { api, ...environment } }, now }: Patient): Promise<Finding> {
  const folders = [...new Set(eservices.flatMap(({ keychain }) => keychain ?? []))]
  if (folders.length === 0) return undefined
  if (!api) return { detail: `${folders.length} keychains`, warnings: ['without pdnd.api nobody can ask whether their keys are published'] }
  const connection = openPlatformConnection(answerMs)
  const keys = new JwksKeys({ uri: environment.jwksUri, connection, now, warn: () => undefined })
  const platform = new InteropApi({ environment, client: api, keys, connection, now, randomUUID })
  try {
    for (const folder of folders) {
      const kids = (await Promise.all((await keyFilesOf(folder)).map(readSigningKey))).flatMap((key) => typeof key === 'string' ? [] : [key.kid])
      const found = await Promise.all(kids.map(async (kid) => await platform.get(['producerKeys', kid]) !== undefined))
      if (!found.includes(true)) throw new Broken(`the platform knows no key of ${folder} (${kids.join(', ')})`)
    }
    return `${folders.length} published`
  } finally {
    await connection.close()
  }
}

/** Agreements and purposes: from the file, or how it stands with those of the platform. */
export async function checkRegistry ({ config, running, now }: Patient): Promise<Finding> {
  const { registry, environment, listeners, state, registryStaleHours, pdnd: { apiBase } } = config
  if (registry !== 'platform') {
    await readRegistryFile(registry, environment, listeners.internal?.publicKeys)
    return `file ${registry}, of ${new Date((await stat(registry)).mtimeMs).toISOString()}`
  }
  if (running && !running.silent) {
    const { state: standing, ageSeconds, lastError } = await askRunning(running, '/-/registry') as { state: string, ageSeconds: number | null, lastError: string | null }
    if (standing === 'unavailable') throw new Broken(`nothing is known of the platform's registry${lastError === null ? '' : `: ${lastError}`}`)
    return { detail: `of the platform, read ${ageSeconds ?? '?'} s ago`, warnings: standing === 'failing' ? [`the last reading failed: ${lastError ?? ''}`] : [] }
  }
  const kept = await snapshotFile({ folder: state, name: 'registry.json', source: `${environment} ${apiBase} 1`, lifeMs: registryStaleHours * 3_600_000, now, warn: () => undefined }).read()
  return kept ? `of the platform, kept for ${Math.round((now() - kept.at) / 60_000)} minutes` : 'of the platform, read at the start'
}
