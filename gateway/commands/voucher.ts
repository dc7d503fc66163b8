import { parseArgs } from 'node:util'
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
  usage: `varco voucher ESERVICE [--consumer NAME] [--purpose ID] [--json]

Signs a client assertion with the consumer's key and asks the running sandbox (npm start or npm run sandbox) for a voucher.
  ESERVICE         tickets, surveys, service-usage or sla-telemetry
  --consumer NAME  who asks (default istat); see gateway/sandbox/registry.yaml
  --purpose ID     for which purpose, by id or alias (default: the consumer's active one on that e-service)
  --json           {voucher, expiresIn, clientId, purposeId} instead of the bare voucher`,
  async run (args, terminal) {
    const { values, positionals: [eservice, ...more] } = parseArgs({
      args: [...args],
      options: { consumer: { type: 'string', default: 'istat' }, purpose: { type: 'string' }, json: { type: 'boolean' } },
      allowPositionals: true
    })
    if (eservice === undefined || more.length > 0) throw new UsageError('name one e-service')
    const environment = sandboxEnvironment(listenerPorts(terminal.env).sandbox)
    const { accessToken, ...facts } = await obtainDemoVoucher({ eservice, consumer: values.consumer, purpose: values.purpose, environment, registry: defaultRegistry, state: defaultState })
    terminal.out(values.json ? `${JSON.stringify({ voucher: accessToken, ...facts })}\n` : `${accessToken}\n`)
    return exitCodes.ok
  }
}
