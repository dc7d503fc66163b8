import { parseArgs } from 'node:util'
import { runCommand } from './command.ts'
import { interruption } from './interruption.ts'
import { writeReport } from './report/deliver.ts'
import { Progress } from './report/progress.ts'
import { report, toJson } from './soak/report.ts'
import { soak } from './soak/run.ts'
import { faultsOf, slopeLimit } from './soak/verdict.ts'

const usage = `usage: npm run soak -- [options]

Has a gateway of this source tree called in every way for a while, on this machine: admitted and refused calls of many kinds, bad bodies, callers that go
away or read slowly, an e-service that fails, and a reload of the configuration every minute. Everything is started on free loopback ports, and stopped.
Exit code 1 when an answer was wrong, the gateway ended, file descriptors grew, or its resident memory grew by more than ${slopeLimit} MiB in 10 minutes, which takes
an hour to be said well: a slope counts only as far as it is more than its own uncertainty and, when less than 30 minutes were watched, only if more is in use when
all garbage is collected, too. Ctrl-C ends it, and what is known by then is told.

  --minutes N      how long; 0.1 to 1200 (10); the first third, ten minutes at most, is the warm-up
  --connections N  connections that call at once (24)
  --json FILE      the figures as JSON, too
  --help           this text`

interface Options { readonly minutes: number, readonly connections: number, readonly json: string | undefined, readonly help: boolean }

function readOptions (args: string[]): Options {
  const text = { type: 'string' } as const
  const { values } = parseArgs({ args, options: { minutes: text, connections: text, json: text, help: { type: 'boolean', default: false } } })
  const number = (name: 'minutes' | 'connections', usual: number, form: RegExp, [min, max]: readonly [number, number]): number => {
    const written = values[name] ?? String(usual)
    const value = form.test(written) ? Number(written) : NaN
    if (!(value >= min && value <= max)) throw new Error(`--${name} is "${written}": it must be a number from ${min} to ${max}`)
    return value
  }
  return { minutes: number('minutes', 10, /^\d{1,5}(?:\.\d{1,3})?$/, [0.1, 1200]), connections: number('connections', 24, /^\d{1,4}$/, [1, 1000]), json: values.json, help: values.help }
}

async function main ({ minutes, connections, json }: Options): Promise<void> {
  const progress = new Progress(process.stderr, () => performance.now())
  let told = -1
  const soaked = await soak({
    minutes,
    connections,
    signal: interruption(),
    tell: ({ done, total, present }) => {
      // Where lines stay, a twentieth of the way is enough to tell.
      const share = Math.floor(done / total * 20)
      if (process.stderr.isTTY || share > told) progress.show({ done, total, present, past: `${Math.round(done / 1000)} of ${Math.round(total / 1000)} s: ${present}` })
      told = share
    }
  }).finally(() => { progress.end() })
  process.stdout.write(`${report(soaked)}\n`)
  if (json !== undefined) await writeReport(json, toJson(soaked))
  process.exitCode ??= faultsOf(soaked).length > 0 ? 1 : 0
}

await runCommand({ usage, failed: 'the soak failed', read: readOptions, run: main })
