import { readSigningKey } from '../adapters/keychain-file.ts'
import { isUuid } from '../../policies/claim.ts'
import type { Config, EServiceConfig } from '../config.ts'
import type { Consumer } from '../pdnd/signed-request.ts'
import { openDemoConsumer } from '../sandbox/demo-voucher.ts'
import { defaultRegistry, defaultState } from '../sandbox/places.ts'
import { UsageError } from './command.ts'

/** The options with which a command is told as whom to call. */
export const consumerOptions = { consumer: { type: 'string' }, purpose: { type: 'string' }, 'client-id': { type: 'string' }, key: { type: 'string' } } as const

export interface ConsumerOptions { readonly consumer?: string | undefined, readonly purpose?: string | undefined, readonly 'client-id'?: string | undefined, readonly key?: string | undefined }

/** As whom to call: a consumer of the demonstration by its name, or a client with a key of one's own. */
export async function openConsumer ({ consumer, purpose, 'client-id': clientId, key }: ConsumerOptions, { environment }: Config, { eserviceId }: EServiceConfig): Promise<Consumer> {
  if (clientId === undefined && key === undefined) {
    if (environment !== 'sandbox') throw new UsageError(`the consumers of the demonstration are known to the sandbox only: for ${environment} give --client-id, --key and --purpose`)
    return openDemoConsumer({ eservice: eserviceId, consumer: consumer ?? 'istat', purpose, registry: defaultRegistry, state: defaultState })
  }
  if (consumer !== undefined) throw new UsageError('give --consumer, or --client-id and --key, not both')
  if (!isUuid(clientId) || key === undefined || !isUuid(purpose)) throw new UsageError('a client of your own needs --client-id ID, --key FILE and --purpose ID; both ids are UUIDs in lower case')
  const read = await readSigningKey(key)
  if (typeof read === 'string') throw new Error(`the key file ${key} ${read}`)
  return { clientId, purposeId: purpose, kid: read.kid, privateKey: read.key }
}
