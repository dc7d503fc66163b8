import { parseArgs } from 'node:util'
import { openDpopKey } from '../pdnd/dpop-key.ts'
import { sandboxEnvironment } from '../pdnd-environments.ts'
import { listenerPorts } from '../ports.ts'
import { obtainDemoVoucher } from '../sandbox/demo-voucher.ts'
import { defaultRegistry, defaultState } from '../sandbox/places.ts'
import { exitCodes, UsageError } from './command.ts'
import type { Command } from './command.ts'

/** `varco voucher`: a voucher from the sandbox, through the same flow as a real one. */
export const voucher: Command = {
  name: 'voucher',
  summary: 'Print a voucher of the sandbox PDND',
  usage: `varco voucher ESERVICE [--consumer NAME] [--purpose ID] [--dpop KEYFILE] [--json]

Signs a client assertion with the consumer's key and asks the running sandbox (npm start or npm run sandbox) for a voucher.
  ESERVICE         tickets, surveys, service-usage or sla-telemetry
  --consumer NAME  who asks (default istat); see gateway/sandbox/registry.yaml
  --purpose ID     for which purpose, by id or alias (default: the consumer's active one on that e-service)
  --dpop KEYFILE   bind the voucher to the ES256 key of this PEM file, which is made when it is not there (RFC 9449):
                   every call then needs a DPoP proof signed with it
  --json           {voucher, tokenType, expiresIn, clientId, purposeId} instead of the bare voucher`,
  async run (args, terminal) {
    const { values, positionals: [eservice, ...more] } = parseArgs({
      args: [...args],
      options: { consumer: { type: 'string', default: 'istat' }, purpose: { type: 'string' }, dpop: { type: 'string' }, json: { type: 'boolean' } },
      allowPositionals: true
    })
    if (eservice === undefined || more.length > 0) throw new UsageError('name one e-service')
    const environment = sandboxEnvironment(listenerPorts(terminal.env).sandbox)
    const dpop = values.dpop === undefined ? undefined : await openDpopKey(values.dpop)
    const { accessToken, ...facts } = await obtainDemoVoucher({
      eservice, consumer: values.consumer, purpose: values.purpose, environment, registry: defaultRegistry, state: defaultState, dpop
    })
    terminal.out(values.json ? `${JSON.stringify({ voucher: accessToken, ...facts })}\n` : `${accessToken}\n`)
    return exitCodes.ok
  }
}
