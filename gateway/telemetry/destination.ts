import { randomUUID } from 'node:crypto'
import { telemetryOperation, telemetryPath } from '../../openapi/telemetry.ts'
import { varcoCallHeader } from '../../openapi/varco-call.ts'
import type { LiveEService } from '../route.ts'
import { prepareVarcoCall } from '../varco-call.ts'

/** A report that will not be taken however often it is sent. */
export class ReportRefused extends Error {
  override name = 'ReportRefused'
}

/** What an e-service answers to a report that is not of the form that it knows. */
const refusals: ReadonlySet<number> = new Set([400, 413, 422])

/** An e-service that wants telemetry. */
export interface Destination {
  readonly name: string
  /** Sends a report (JSON) within `ms`. Throws a sentence when it was not taken, as ReportRefused when it never will be. */
  readonly send: (report: string, ms: number) => Promise<void>
}

/** The e-services that want telemetry; it goes to their upstreams with their secrets, as calls do. */
export function destinationsOf (eservices: readonly LiveEService[], now: () => number): readonly Destination[] {
  return eservices.filter(({ config }) => config.telemetry).map(({ config: { name, upstream: { secret } }, basePath, upstream: { pool } }) => {
    const prove = prepareVarcoCall(secret, basePath)
    const path = telemetryPath(name)
    return {
      name,
      async send (report, ms) {
        const varcoCall = prove({ call: { operationId: telemetryOperation, correlationId: randomUUID() }, caller: undefined, method: 'POST', target: path, now: now() })
        const { statusCode, body } = await pool.request({ path, method: 'POST', headers: { [varcoCallHeader]: varcoCall, 'content-type': 'application/json' }, body: report, signal: AbortSignal.timeout(ms) })
        await body.dump()
        if (refusals.has(statusCode)) throw new ReportRefused(`it answers ${statusCode}`)
        if (statusCode !== 200) throw new Error(`it answers ${statusCode}`)
      }
    }
  })
}
