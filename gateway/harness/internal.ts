import { generateKeyPairSync, randomUUID } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { kidOf } from '../../policies/internal-fixture.ts'
import { signProof } from '../../policies/proof-fixture.ts'
import type { Config } from '../config.ts'
import type { InternalListener } from '../internal-config.ts'
import type { HarnessOptions } from './gateway.ts'
import { audience, ids } from './platform.ts'
import type { RegistryContent } from './platform.ts'
import { freePort } from './free-port.ts'

/** A gateway with a listener for the producer's own applications, one of which is registered. Used by tests only. */

export const application = {
  client: '10000000-0000-4000-8000-000000000028', agreement: '10000000-0000-4000-8000-000000000025', purpose: '10000000-0000-4000-8000-000000000026', purposeVersion: '10000000-0000-4000-8000-000000000027'
} as const

/** Its key, made once per process. */
export const applicationKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** A public key as its file has it. */
export const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' })

/** The usual registry with the application in it, but for the changes: `clients` are all that there are. */
export function withApplication (content: RegistryContent, changes: object = {}, clients: readonly object[] = [{}]) {
  return {
    ...content,
    agreements: [...content.agreements, { ...content.agreements[0]!, id: application.agreement, consumerId: ids.producer }],
    purposes: [...content.purposes, { ...content.purposes[0]!, id: application.purpose, alias: 'sportello', title: 'Sportello', consumerId: ids.producer, versions: [{ id: application.purposeVersion, state: 'Active', dailyCalls: 1_000_000 }] }],
    internalClients: clients.map((client) => ({ id: application.client, alias: 'crm', name: 'CRM', consumerId: ids.producer, purposes: [application.purpose], keys: [{ file: 'crm.pem' }], ...client })),
    ...changes
  }
}

/** How a gateway with that listener is started; `files` are what the registry and its TLS name, by name. */
export function letIn ({ listener = {}, files = {}, config = (usual) => usual, ...options }: HarnessOptions & { readonly listener?: Partial<InternalListener>, readonly files?: Readonly<Record<string, string>> } = {}): HarnessOptions {
  const open = async (usual: Config): Promise<Config> => {
    const folder = dirname(usual.registry)
    await Promise.all(Object.entries({ 'crm.pem': pemOf(applicationKey.publicKey), ...files }).map(async ([name, content]) => writeFile(join(folder, name), content, { mode: 0o600 })))
    const port = await freePort()
    const tls = files['server.pem'] === undefined ? undefined : { certificate: join(folder, 'server.pem'), key: join(folder, 'server.key') }
    const internal = { host: '127.0.0.1', port, url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`, tls, publicKeys: folder, trustedProxies: [], ...listener }
    return config({ ...usual, listeners: { ...usual.listeners, internal } })
  }
  return { registry: (content) => withApplication(content), ...options, load: open }
}

/** What a test changes of a token; a member set to undefined is left out. */
export interface TokenChanges { readonly header?: Readonly<Record<string, unknown>>, readonly claims?: Readonly<Record<string, unknown>>, readonly key?: { readonly publicKey: KeyObject, readonly privateKey: KeyObject } }

/** A token as the application makes it at `now` (epoch ms), good but for the changes (ES256). */
export function applicationToken (now: number, { header, claims, key = applicationKey }: TokenChanges = {}): string {
  const iat = Math.floor(now / 1000)
  return signProof(
    { alg: 'ES256', typ: 'client-authentication+jwt', kid: kidOf(key.publicKey), ...header },
    { iss: application.client, sub: application.client, aud: audience, jti: randomUUID(), iat, exp: iat + 300, ...claims },
    key.privateKey
  )
}
