import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isUuid } from '../../policies/claim.ts'
import { readRegistryFile } from '../adapters/registry-file.ts'
import { applicationTokenSeconds, signApplicationToken } from '../application-token.ts'
import { loadConfig } from '../config.ts'
import { parsePrivateKey } from '../pdnd/key-file.ts'
import { openDpopKey } from '../pdnd/dpop-key.ts'
import { sandboxEnvironment } from '../pdnd-environments.ts'
import { listenerPorts } from '../ports.ts'
import { applicationKeyPath } from '../sandbox/application-key.ts'
import { obtainDemoVoucher } from '../sandbox/demo-voucher.ts'
import { defaultRegistry, defaultState } from '../sandbox/defaults.ts'
import { exitCodes, UsageError } from './command.ts'
import type { Command, Terminal } from './command.ts'
import { chooseEService, readInput } from './input.ts'

/** `varco voucher`: a voucher from the sandbox, through the same flow as a real one. */
export const voucher: Command = {
  name: 'voucher',
  summary: 'Print a voucher of the sandbox PDND, or the token of an internal application',
  usage: `varco voucher ESERVICE [--consumer NAME] [--purpose ID] [--dpop KEYFILE] [--json]
       varco voucher ESERVICE --internal CLIENT [--purpose ID] [--key FILE] [--config FILE] [--json]

Signs a client assertion with the consumer's key and asks the running sandbox (npm start or npm run sandbox) for a voucher.
  ESERVICE         tickets, surveys, service-usage or sla-telemetry
  --consumer NAME  who asks (default istat); see gateway/sandbox/registry.yaml
  --purpose ID     for which purpose, by id or alias (default: the consumer's active one on that e-service)
  --dpop KEYFILE   bind the voucher to the ES256 key of this PEM file, which is made when it is not there (RFC 9449):
                   every call then needs a DPoP proof signed with it
  --json           {voucher, tokenType, expiresIn, clientId, purposeId} instead of the bare voucher

With --internal nobody is asked: an application of the administration signs its own token, for the listener that is there for it (port 8083).
  --internal CLIENT  milano-crm, or the id of a client under internalClients of the registry
  --key FILE         its private key, PEM (default: that of the demonstration's application)
  --config FILE      the gateway's configuration, with the e-service (default: the demonstration's)`,
  async run (args, terminal) {
    const { values, positionals: [eservice, ...more] } = parseArgs({
      args: [...args],
      options: { consumer: { type: 'string' }, purpose: { type: 'string' }, dpop: { type: 'string' }, internal: { type: 'string' }, key: { type: 'string' }, config: { type: 'string' }, json: { type: 'boolean' } },
      allowPositionals: true
    })
    if (eservice === undefined || more.length > 0) throw new UsageError('name one e-service')
    if (values.internal !== undefined) return printOwnToken(eservice, { ...values, internal: values.internal }, terminal)
    if (values.key !== undefined || values.config !== undefined) throw new UsageError('--key and --config go with --internal')
    const environment = sandboxEnvironment(listenerPorts(terminal.env).sandbox)
    const dpop = values.dpop === undefined ? undefined : await openDpopKey(values.dpop)
    const { accessToken, ...facts } = await obtainDemoVoucher({
      eservice, consumer: values.consumer ?? 'istat', purpose: values.purpose, environment, registry: defaultRegistry, state: defaultState, dpop
    })
    terminal.out(values.json ? `${JSON.stringify({ voucher: accessToken, ...facts })}\n` : `${accessToken}\n`)
    return exitCodes.ok
  }
}

interface OwnToken { readonly internal: string, readonly consumer?: string, readonly dpop?: string, readonly purpose?: string, readonly key?: string, readonly config?: string, readonly json?: boolean }

/** Prints the token of an internal application; its names are those of the demonstration's registry, any other client goes by its id. */
async function printOwnToken (name: string, { internal, consumer, dpop, purpose, key, config: path, json }: OwnToken, terminal: Terminal): Promise<number> {
  if (consumer !== undefined || dpop !== undefined) throw new UsageError('an internal application has no voucher: --consumer and --dpop do not go with --internal')
  const config = await loadConfig(path ?? join(import.meta.dirname, '../gateway.yaml'), terminal.env, { secrets: 'ignored' })
  const { internalClients = [], purposes } = await readRegistryFile(defaultRegistry)
  const clientId = isUuid(internal) ? internal : internalClients.find(({ alias }) => alias === internal)?.id
  if (clientId === undefined) throw new UsageError(`there is no internal client "${internal}" in the demonstration: give the id of yours, and its --key`)
  const purposeId = purpose === undefined || isUuid(purpose) ? purpose : purposes.find(({ alias }) => alias === purpose)?.id
  if (purpose !== undefined && purposeId === undefined) throw new UsageError(`there is no purpose "${purpose}" in the demonstration: give the id of yours`)
  const file = key ?? applicationKeyPath(defaultState, internalClients.find(({ id }) => id === clientId)?.alias ?? clientId)
  const privateKey = parsePrivateKey((await readInput(file, terminal)).toString())
  if (!privateKey) throw new Error(`${file} holds no private key in PEM`)
  const voucher = await signApplicationToken({ clientId, privateKey, audience: chooseEService(config, name).audience[0] as string, purposeId, now: terminal.now(), randomUUID })
  terminal.out(json ? `${JSON.stringify({ voucher, tokenType: 'Bearer', expiresIn: applicationTokenSeconds, clientId, purposeId })}\n` : `${voucher}\n`)
  return exitCodes.ok
}
