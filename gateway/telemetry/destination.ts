import { randomUUID } from 'node:crypto'
import { telemetryOperation, telemetryPath } from '../../openapi/telemetry.ts'
import { varcoCallHeader } from '../../openapi/varco-call.ts'
import type { LiveEService } from '../route.ts'
import { prepareVarcoCall } from '../varco-call.ts'

/** An e-service that wants telemetry. */
export interface Destination {
  readonly name: string
  /** Sends a report (JSON) within `ms`. Throws a sentence when it was not taken. */
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
        if (statusCode !== 200) throw new Error(`it answers ${statusCode}`)
      }
    }
  })
}
