import { X509Certificate } from 'node:crypto'
import { isUuid } from '../../policies/claim.ts'
import { readSigningKey } from '../adapters/keychain-file.ts'
import type { Config } from '../config.ts'
import type { EServiceConfig } from '../eservice-config.ts'
import { parsePrivateKey } from '../pdnd/key-file.ts'
import type { Consumer } from '../pdnd/signed-request.ts'
import { openDemoConsumer } from '../sandbox/demo-voucher.ts'
import { defaultRegistry, defaultState } from '../sandbox/defaults.ts'
import { UsageError } from './command.ts'
import type { Terminal } from './command.ts'
import { readInput } from './input.ts'

/** The options with which a command is told as whom to call. */
export const consumerOptions = { consumer: { type: 'string' }, purpose: { type: 'string' }, 'client-id': { type: 'string' }, key: { type: 'string' }, certificate: { type: 'string' } } as const

export type ConsumerOptions = { readonly [Name in keyof typeof consumerOptions]?: string | undefined }

/** As whom to call: a consumer of the demonstration by its name, or a client with a key of one's own, on the platform or with a certificate. */
export async function openConsumer (options: ConsumerOptions, { environment }: Config, { eserviceId }: EServiceConfig, terminal: Terminal): Promise<Consumer> {
  const { consumer, purpose, 'client-id': clientId, key, certificate } = options
  if (clientId === undefined && key === undefined && certificate === undefined) {
    if (environment !== 'sandbox') throw new UsageError(`the consumers of the demonstration are known to the sandbox only: for ${environment} give --client-id, --key and --purpose`)
    return openDemoConsumer({ eservice: eserviceId, consumer: consumer ?? 'istat', purpose, registry: defaultRegistry, state: defaultState })
  }
  if (consumer !== undefined) throw new UsageError('give --consumer, or --client-id and --key, not both')
  return certificate === undefined ? openOwnClient(options) : openCertified({ ...options, certificate }, terminal)
}

async function openOwnClient ({ purpose, 'client-id': clientId, key }: ConsumerOptions): Promise<Consumer> {
  if (!isUuid(clientId) || key === undefined || !isUuid(purpose)) throw new UsageError('a client of your own needs --client-id ID, --key FILE and --purpose ID; both ids are UUIDs in lower case')
  const read = await readSigningKey(key)
  if (typeof read === 'string') throw new Error(`the key file ${key} ${read}`)
  return { clientId, purposeId: purpose, kid: read.kid, privateKey: read.key }
}

async function openCertified ({ purpose, 'client-id': clientId, key, certificate }: ConsumerOptions & { readonly certificate: string }, terminal: Terminal): Promise<Consumer> {
  if (clientId === undefined || key === undefined) throw new UsageError('a client with a certificate needs --client-id NAME, as the producer has registered it, and --key FILE')
  const chain = (await readInput(certificate, terminal)).toString().match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)?.map(parseCertificate) ?? []
  const privateKey = parsePrivateKey((await readInput(key, terminal)).toString())
  const [leaf] = chain
  if (!leaf || chain.includes(undefined)) throw new Error(`${certificate} holds no certificate in PEM`)
  if (!privateKey || !leaf.checkPrivateKey(privateKey)) throw new Error(`${key} holds no private key of the certificate in ${certificate}`)
  if (privateKey.asymmetricKeyType !== 'rsa' && privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error(`the key in ${key} is neither RSA nor EC on P-256`)
  return { clientId, purposeId: purpose, x5c: chain.map((one) => one?.raw.toString('base64') ?? ''), privateKey }
}

function parseCertificate (pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}
