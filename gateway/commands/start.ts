import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { whenAskedToStop } from '../program.ts'
import type { Command } from './command.ts'

/** `varco start`: the demonstration, or the gateway alone with a configuration of one's own. */
export const start: Command = {
  name: 'start',
  summary: 'Start the demonstration, or the gateway with your configuration',
  usage: `varco start [--config FILE]

Without --config: sandbox PDND, e-services and gateway on this machine (as npm start).
With --config FILE: the gateway alone, with that configuration (see gateway/gateway.yaml).`,
  async run (args) {
    const { values } = parseArgs({ args: [...args], options: { config: { type: 'string' } } })
    const gateway = join(import.meta.dirname, '..')
    const program = values.config === undefined ? [join(gateway, 'start.ts')] : [join(gateway, 'main.ts'), '--config', values.config]
    const child = spawn(process.execPath, program, { stdio: 'inherit' })
    whenAskedToStop(() => { child.kill('SIGTERM') })
    // They are sent to the process that was started, and would end it.
    for (const signal of ['SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => { child.kill(signal) })
    const [code] = await once(child, 'exit') as [number | null]
    return code ?? 1
  }
}
