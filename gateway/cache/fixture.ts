import type { Test } from 'tap'
import type { JsonObject } from '../../openapi/document.ts'
import { startGateway } from '../harness/gateway.ts'
import type { Harness, HarnessOptions } from '../harness/gateway.ts'
import { archiveContract, ids } from '../harness/platform.ts'
import type { RegistryContent } from '../harness/platform.ts'
import type { AnswerAs } from '../harness/upstream.ts'

/** A gateway that two consumers call, and what its upstream answers. Used by tests only. */

/** The ids of what the other consumer has, and of a purpose of the usual one that is suspended. */
const [other, suspended] = [2, 3].map((kind) => Object.fromEntries(['consumer', 'agreement', 'purpose', 'purposeVersion', 'client'].map((name, index) => [name, `${kind}0000000-0000-4000-8000-00000000000${[2, 5, 6, 7, 8][index]}`])) as Record<'consumer' | 'agreement' | 'purpose' | 'purposeVersion' | 'client', string>) as [Record<string, string>, Record<string, string>]

function withOthers (content: RegistryContent, dailyCalls: number): object {
  const { tenants, agreements, purposes, clients } = content
  const [agreement, purpose, client] = [agreements[0]!, purposes[0]!, clients[0]!]
  const versions = (id: string | undefined, state: string) => [{ id, state, dailyCalls }]
  return {
    ...content,
    tenants: [...tenants, { id: other['consumer'], alias: 'altro', name: 'Altro fruitore', externalId: { origin: 'IPA', value: 'altro' } }],
    agreements: [agreement, { ...agreement, id: other['agreement'], consumerId: other['consumer'] }],
    purposes: [
      { ...purpose, versions: versions(ids.purposeVersion, 'Active') },
      { ...purpose, id: other['purpose'], alias: 'altra', consumerId: other['consumer'], versions: versions(other['purposeVersion'], 'Active') },
      { ...purpose, id: suspended['purpose'], alias: 'sospesa', versions: versions(suspended['purposeVersion'], 'Suspended') }
    ],
    clients: [
      { ...client, purposes: [ids.purpose, suspended['purpose']] },
      { ...client, id: other['client'], alias: 'altro', consumerId: other['consumer'], purposes: [other['purpose']] }
    ]
  }
}

/** The contract of the tests with an operation that gives the head of an item. */
const contract = structuredClone(archiveContract) as unknown as { paths: Record<string, Record<string, unknown>> }
contract.paths['/items/{id}']!['head'] = { operationId: 'peekItem', responses: { 200: { description: 'Fatto' } } }

/** Starts a gateway with a second consumer; each purpose may call so often a day. */
export async function startCached (t: Test, { dailyCalls = 1000, ...options }: HarnessOptions & { readonly dailyCalls?: number } = {}): Promise<{ gateway: Harness, other: () => string, suspended: () => string }> {
  const gateway = await startGateway(t, { contract: contract as unknown as JsonObject, registry: (content) => withOthers(content, dailyCalls), ...options })
  return {
    gateway,
    other: () => gateway.voucher({ claims: { sub: other['client'], client_id: other['client'], consumerId: other['consumer'], purposeId: other['purpose'] } }),
    suspended: () => gateway.voucher({ claims: { purposeId: suspended['purpose'] } })
  }
}

/** An upstream that answers this JSON with these headers; an empty one is left out. */
export function sending (body: string, headers: Readonly<Record<string, string>> = {}): AnswerAs {
  const all = Object.entries({ 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)), ...headers }).filter(([, value]) => value !== '')
  return (_request, response) => { response.writeHead(200, Object.fromEntries(all)).end(body) }
}

/** The same, marked as for all for a minute. */
export function publicly (body: string, headers: Readonly<Record<string, string>> = {}): AnswerAs {
  return sending(body, { 'cache-control': 'public, max-age=60', ...headers })
}
