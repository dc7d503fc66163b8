import type { FastifyInstance } from 'fastify'
import type { JWTPayload } from 'jose'
import { assertionType, grantType } from '../pdnd/voucher-request.ts'
import { debugKeys } from './debug-keys.ts'
import { debugStates } from './debug-states.ts'
import type { EventLog } from './event-log.ts'
import { examine } from './examination.ts'
import type { LiveRegistry } from './live-registry.ts'
import { findEntitlement } from './platform-state.ts'
import type { Entitlement } from './platform-state.ts'
import { firstUseStep } from './proof-examination.ts'
import { sandboxProblem, sendProblem } from './problem.ts'
import { named } from './registry-names.ts'
import type { Unresolved } from './registry-names.ts'
import type { TokenForm } from './token-form.ts'
import type { TokenEndpointContext } from './token-endpoint.ts'
import { signVoucher, voucherClaims } from './voucher.ts'

/** What the debug endpoints need: what the token endpoint needs, the names of the registry, and where changes are told. */
export interface DebugContext extends TokenEndpointContext { readonly registry: LiveRegistry, readonly events: EventLog }

/** A voucher to mint: client and purpose by alias or id; `claims` replaces claims, null takes one out; seconds. */
interface MintRequest {
  readonly client: string
  readonly purpose: string
  readonly claims?: Readonly<Record<string, unknown>>
  readonly expiresIn?: number
}

/** An assertion to examine, and a DPoP proof if wanted; parameters of the form that are left out count as right. */
type AssertionToExamine = Pick<TokenForm, 'client_assertion'> & Partial<TokenForm> & { readonly dpop?: string }

const usualParameters = { client_assertion_type: assertionType, grant_type: grantType }

const text = { type: 'string', minLength: 1, maxLength: 32_768 }
const formSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['client_assertion'],
  properties: { client_assertion: text, client_assertion_type: text, grant_type: text, client_id: text, dpop: text }
}
const mintSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['client', 'purpose'],
  properties: {
    client: { ...text, maxLength: 64 },
    purpose: { ...text, maxLength: 64 },
    claims: { type: 'object' },
    expiresIn: { type: 'integer', minimum: -31_536_000, maximum: 31_536_000 }
  }
}

/**
 * Why token requests were refused, what is wrong with an assertion, vouchers as if issued at another time, and changes of what the
 * platform knows.
 */
export async function debugEndpoints (app: FastifyInstance, context: DebugContext): Promise<void> {
  app.addContentTypeParser('application/json', { parseAs: 'string' }, app.getDefaultJsonParser('error', 'error'))
  app.addHook('onRequest', async (_request, reply) => { void reply.header('Cache-Control', 'no-store') })

  app.get('/debug/token-requests', async () => ({ tokenRequests: context.log.list() }))

  app.get<{ Params: { correlationId: string } }>('/debug/token-requests/:correlationId', async ({ params }, reply) => {
    const detail = 'None of the last 100 token requests has this id: it is the correlationId of an answer.'
    return context.log.find(params.correlationId) ?? sendProblem(reply, sandboxProblem(404, 'Not found', detail))
  })

  const toolOptions = { schema: { body: formSchema } }
  app.post<{ Body: AssertionToExamine }>('/tools/validateTokenGeneration', toolOptions, async ({ body }) => {
    const { dpop, ...form } = body
    const examined = await examine({ form: { ...usualParameters, ...form }, dpop }, context)
    const { proof, entitlement } = examined
    // Only looked up: an examined proof can still be used for a voucher.
    const firstUse = proof ? [firstUseStep(proof, !context.usedProofs.has(proof.jti))] : []
    const steps = [...examined.steps, ...firstUse]
    const valid = steps.every(({ result }) => result === 'PASSED')
    return { valid, steps, eservice: entitlement && describe(entitlement) }
  })

  app.post<{ Body: MintRequest }>('/debug/vouchers', { schema: { body: mintSchema } }, async ({ body }, reply) => {
    const minted = mint(body, context)
    if ('error' in minted) return sendProblem(reply, sandboxProblem(400, 'No such voucher', minted.error))
    const voucher = await signVoucher(minted.claims, context.keys.platform)
    const type = 'cnf' in minted.claims ? 'DPoP' : 'Bearer'
    return { access_token: voucher, token_type: type, expires_in: minted.expiresIn, claims: minted.claims }
  })

  await app.register(debugStates, context)
  await app.register(debugKeys, context)
}

function describe ({ eservice, descriptor }: Entitlement) {
  return { id: eservice.id, name: eservice.name, descriptorId: descriptor.id, version: descriptor.version }
}

/** The claims that the token endpoint would have given without looking at states, then the wanted time and changes. */
function mint (wanted: MintRequest, context: DebugContext): { claims: JWTPayload, expiresIn: number } | Unresolved {
  const { clients, purposes } = context.registry.current()
  const client = named(clients, wanted.client, 'client')
  if ('error' in client) return client
  const purpose = named(purposes, wanted.purpose, 'purpose')
  if ('error' in purpose) return purpose
  const entitlement = findEntitlement(context.registry, purpose.id)
  if ('failures' in entitlement) return { error: entitlement.detail ?? entitlement.explanation }
  const now = Math.floor(context.now() / 1000)
  const lifespan = entitlement.descriptor.voucherLifespan
  const expiresIn = wanted.expiresIn ?? lifespan
  // An expired voucher was issued earlier: without moving iat back it would expire before it began.
  const iat = expiresIn > 0 ? now : now + expiresIn - lifespan
  const seed = { issuer: context.issuer, clientId: client.id, jti: context.randomUUID(), iat }
  const claims = { ...voucherClaims(entitlement, seed), exp: now + expiresIn, ...wanted.claims }
  return { claims: Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== null)), expiresIn }
}
