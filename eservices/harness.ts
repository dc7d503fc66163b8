import { createHmac, randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { prepareAnswers } from '../openapi/answers/answers.ts'
import { loadContract } from '../openapi/contract.ts'
import { telemetryOperation, telemetryPath } from '../openapi/telemetry.ts'
import type { TelemetryReport } from '../openapi/telemetry.ts'
import { sandboxSecret, varcoCallIssuer, varcoCallLifetimeSeconds } from '../openapi/varco-call.ts'
import type { Caller, VarcoCall } from '../openapi/varco-call.ts'
import { buildHost } from './host.ts'
import type { HostOptions } from './host.ts'
import type { EService } from './eservice.ts'
import { sqliteIn } from './sqlite-database.ts'

/** The caller that the harness speaks for unless told otherwise. */
export const testCaller: Caller = {
  clientId: '00000000-0000-4000-8000-000000000001',
  consumerId: '00000000-0000-4000-8000-000000000002',
  purposeId: '00000000-0000-4000-8000-000000000003',
  eserviceId: '00000000-0000-4000-8000-000000000004',
  descriptorId: '00000000-0000-4000-8000-000000000005'
}

/** A test request: the operation that a gateway would have matched, and what to send. `caller: null` sends a call without caller. */
export interface TestRequest {
  readonly operationId: string
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly caller?: Partial<Caller> | null
  readonly grant?: VarcoCall['grant']
}

/** As for a host, but with the settings of the one e-service that is started. */
export type HarnessOptions = Partial<Omit<HostOptions, 'settings'>> & { readonly settings?: Readonly<Record<string, string | undefined>> }

/** Starts an e-service on a free loopback port and calls it as the gateway would; an answer that breaks the contract is thrown. Used by tests only. */
export async function startHarness (eservice: EService, basePath: string, { settings = {}, secrets = () => sandboxSecret, ...options }: HarnessOptions = {}) {
  const host = await buildHost([eservice], { openDatabase: sqliteIn(':memory:'), secrets, settings: () => settings, ...options })
  await new Promise<void>((resolve) => host.server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(host.server.address() as AddressInfo).port}`
  const checkAnswer = await prepareCheck(eservice)
  const nowSeconds = (): number => Math.floor((options.now?.() ?? new Date()).getTime() / 1000)
  return {
    origin,
    close: async () => host.close(),
    /** Reports calls as the gateway would, but for what a test changes of the claims; an object is sent as JSON. */
    report: async (report: Partial<TelemetryReport> | string, { claims = {}, path = telemetryPath(eservice.name) }: { readonly claims?: object, readonly path?: string } = {}): Promise<Response> => {
      const all = { iss: varcoCallIssuer, aud: basePath, iat: nowSeconds(), exp: nowSeconds() + varcoCallLifetimeSeconds, htm: 'POST', htu: path, operationId: telemetryOperation, correlationId: randomUUID(), ...claims }
      return fetch(origin + path, { method: 'POST', headers: { 'varco-call': signForTests(all, secrets(eservice.name)), 'content-type': 'application/json' }, body: typeof report === 'string' ? report : JSON.stringify(report) })
    },
    call: async ({ operationId, method = 'GET', path, headers = {}, body, caller = {}, grant }: TestRequest) => {
      const claims = {
        iss: varcoCallIssuer, aud: basePath, iat: nowSeconds(), exp: nowSeconds() + varcoCallLifetimeSeconds, htm: method, htu: basePath + path,
        operationId, correlationId: randomUUID(), ...(caller && { caller: { ...testCaller, ...caller } }), ...(grant && { grant })
      }
      const response = await fetch(origin + basePath + path, {
        method,
        headers: { 'varco-call': signForTests(claims, secrets(eservice.name)), ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) })
      })
      const bytes = Buffer.from(await response.arrayBuffer())
      checkAnswer(operationId, response, bytes)
      const text = bytes.toString()
      const isJson = response.headers.get('content-type')?.includes('json')
      return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined }
    }
  }
}

async function prepareCheck ({ contract: file }: EService): Promise<(operationId: string, response: Response, bytes: Buffer) => void> {
  const contract = await loadContract(fileURLToPath(file))
  const prepare = prepareAnswers(contract)
  const validators = new Map(contract.operations.map((operation) => [operation.id, prepare(operation)]))
  return (operationId, { status, headers }, bytes) => {
    const head = validators.get(operationId)?.head(status, Object.fromEntries(headers))
    const wrong = [...head?.findings ?? [], head?.body?.check(bytes)].filter((finding) => finding !== undefined)
    if (wrong.length > 0) throw new Error(`${operationId} ${status}: ${wrong.map(({ detail }) => detail).join('; ')}`)
  }
}

/** A Varco-Call as the gateway signs it (HS256). */
export function signForTests (claims: object, secret = sandboxSecret): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ alg: 'HS256' })}.${part(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}
