import type { FastifyInstance, FastifyReply } from 'fastify'
import type { KeyHolder } from './deposited-keys.ts'
import { depositKey, holderId, withdrawKey } from './key-deposit.ts'
import type { DepositContext, GivenKey, KeyChange } from './key-deposit.ts'
import type { LiveRegistry } from './live-registry.ts'
import { isProblem, sandboxProblem, sendResult } from './problem.ts'
import type { Problem } from './problem.ts'
import { keychainId, producersOf } from './producer-keychain.ts'
import { named } from './registry-names.ts'

interface DebugKeysContext extends DepositContext { readonly registry: LiveRegistry }

type FindHolder = (name: string, registry: LiveRegistry) => KeyHolder | Problem

const keySchema = {
  type: 'object',
  properties: { alg: { type: 'string', maxLength: 32 }, use: { enum: ['sig', 'enc'] }, kid: { type: 'string', maxLength: 64 } }
}

/** Keys deposited and deleted while the sandbox runs: a client's (by alias or id), or a producer's keychain's (by the producer's). */
export async function debugKeys (app: FastifyInstance, context: DebugKeysContext): Promise<void> {
  for (const [path, findHolder] of [['/debug/clients/:name/keys', findClient], ['/debug/keychains/:name/keys', findKeychain]] as const) {
    app.post<{ Params: { name: string }, Body: GivenKey }>(path, { schema: { body: keySchema } }, async ({ params, body }, reply) => {
      const holder = findHolder(params.name, context.registry)
      return isProblem(holder) ? sendResult(reply, holder) : answer(reply.status(201), holder, depositKey(context, holder, body))
    })

    app.delete<{ Params: { name: string, kid: string } }>(`${path}/:kid`, async ({ params }, reply) => {
      const holder = findHolder(params.name, context.registry)
      return isProblem(holder) ? sendResult(reply, holder) : answer(reply, holder, withdrawKey(context, holder, params.kid))
    })
  }
}

function answer (reply: FastifyReply, holder: KeyHolder, change: KeyChange | Problem): FastifyReply {
  return sendResult(reply, isProblem(change) ? change : { ...holderId(holder), ...change })
}

const findClient: FindHolder = (name, registry) => {
  const client = named(registry.current().clients, name, 'client')
  return 'error' in client ? sandboxProblem(404, 'Not found', client.error) : { kind: 'client', id: client.id }
}

const findKeychain: FindHolder = (name, registry) => {
  const producers = producersOf(registry.current())
  const producer = named(registry.current().tenants.filter(({ id }) => producers.includes(id)), name, 'producer')
  return 'error' in producer ? sandboxProblem(404, 'Not found', producer.error) : { kind: 'keychain', id: keychainId(producer.id) }
}
