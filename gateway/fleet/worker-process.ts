import cluster from 'node:cluster'
import type { Worker } from 'node:cluster'
import { giveBackConnections } from './handed-connections.ts'
import { passLines } from './whole-lines.ts'
import { Asking } from './worker-messages.ts'

/** A process of the gateway as its supervisor deals with it. */
export interface WorkerProcess {
  readonly pid: number | undefined
  /** How it ended: the exit code or the signal. */
  readonly ended: Promise<string>
  readonly ask: Asking['ask']
  /** Ends it at once. */
  kill (): void
}

/** Launches one; it waits to be asked. What it says on standard output goes to `out`. */
export function forkWorker (out: (lines: string) => unknown): WorkerProcess {
  const worker = cluster.fork()
  giveBackConnections(worker)
  if (worker.process.stdout) passLines(worker.process.stdout, out)
  return attach(worker)
}

function attach (worker: Worker): WorkerProcess {
  const ended = new Promise<string>((resolve) => {
    // Later than its end: what it said by then was passed on.
    worker.process.once('close', (code, signal) => { resolve(signal ?? `exit code ${code}`) })
    // Also told of what cannot be sent to one that is ending.
    worker.on('error', (error) => { if (worker.process.pid === undefined) resolve(error.message) })
  })
  const asking = new Asking({
    // What cannot be sent is not answered: the process is ending.
    send: (message) => { worker.process.send(message, () => undefined) },
    onMessage: (take) => { worker.on('message', take) }
  }, ended)
  return { pid: worker.process.pid, ended, ask: asking.ask.bind(asking), kill: () => { worker.process.kill('SIGKILL') } }
}
