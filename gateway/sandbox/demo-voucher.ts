import { randomUUID } from 'node:crypto'
import { readRegistryFile } from '../adapters/registry-file.ts'
import type { PdndEnvironment } from '../pdnd-environments.ts'
import type { DpopKey } from '../pdnd/dpop-key.ts'
import { readKeyPair } from '../pdnd/key-file.ts'
import type { PlatformClient } from '../pdnd/signed-request.ts'
import { requestVoucher } from '../pdnd/voucher-request.ts'
import type { ReceivedVoucher } from '../pdnd/voucher-request.ts'
import { clientKeyPath } from './key-store.ts'
import { resolveVoucherNames } from './registry-names.ts'

/** As whom to call, by aliases or ids, and where the demonstration's registry and client keys are. */
export interface DemoConsumer {
  readonly eservice: string
  readonly consumer: string
  readonly purpose: string | undefined
  readonly registry: string
  readonly state: string
}

/** Whom to ask for a voucher. */
export interface DemoVoucherRequest extends DemoConsumer {
  readonly environment: PdndEnvironment
  /** The key pair to bind the voucher to, if any. */
  readonly dpop?: DpopKey | undefined
}

/** A client of the demonstration with its own key, and the purpose for which it calls. Throws a sentence when a name leads nowhere. */
export async function openDemoConsumer (wanted: DemoConsumer): Promise<PlatformClient & { readonly purposeId: string }> {
  const names = resolveVoucherNames(await readRegistryFile(wanted.registry), wanted)
  if ('error' in names) throw new Error(names.error)
  const { privateKey, kid } = await readKeyPair(clientKeyPath(wanted.state, names.clientId)).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new Error(`there is no key of the client in ${wanted.state}: run this in the folder in which the sandbox was started (npm start or npm run sandbox)`) : error
  })
  return { ...names, kid, privateKey }
}

/**
 * Obtains a voucher from the sandbox as a real consumer would: a client assertion signed with the consumer's own key, sent to the token
 * endpoint. Throws a sentence when a name leads nowhere or the sandbox refuses.
 */
export async function obtainDemoVoucher ({ environment, dpop, ...wanted }: DemoVoucherRequest): Promise<ReceivedVoucher & { readonly clientId: string, readonly purposeId: string }> {
  const consumer = await openDemoConsumer(wanted)
  const { clientId, purposeId } = consumer
  const received = await requestVoucher({ ...consumer, tokenUrl: environment.tokenUrl, assertionAudience: environment.clientAssertionAudience, dpop, now: Date.now, randomUUID })
  return { ...received, clientId, purposeId }
}
