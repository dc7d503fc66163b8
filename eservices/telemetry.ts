import type { FastifyInstance } from 'fastify'
import { isReport, longestReport, telemetryOperation, telemetryPath } from '../openapi/telemetry.ts'
import { parseJson } from '../openapi/json/json.ts'
import type { VarcoCall } from '../openapi/varco-call.ts'
import { ProblemError } from './eservice.ts'
import type { TakeReport } from './eservice.ts'
import type { BoundRequest } from './varco-call.ts'

/**
 * Adds where a gateway reports calls to an e-service: a POST with a `Varco-Call` for just that, which is proved before a byte of the body is read. Answers 200 with what became of the report once it is
 * kept, 400 to what is none.
 */
export function addTelemetry (app: FastifyInstance, name: string, take: TakeReport, verify: (request: BoundRequest) => Promise<VarcoCall | undefined>): void {
  app.route({
    method: 'POST',
    url: telemetryPath(name),
    bodyLimit: longestReport,
    async onRequest ({ method, url, headers }) {
      const call = await verify({ method, url, headers })
      if (!call || call.operationId !== telemetryOperation || call.caller) {
        throw new ProblemError({ status: 401, code: 'varco-call-required', title: 'Unauthorized', detail: 'Telemetry is taken from the gateway of this e-service only.' })
      }
    },
    async handler ({ body }, reply) {
      const parsed = parseJson((body as Buffer | undefined) ?? Buffer.alloc(0))
      if (!('value' in parsed) || !isReport(parsed.value)) throw new ProblemError({ status: 400, code: 'invalid-report', title: 'Bad Request', detail: 'This is no report of calls that is known here.' })
      return reply.type('application/json').header('cache-control', 'no-store').send(JSON.stringify(await take(parsed.value)))
    }
  })
}
