import type { Worker } from 'node:cluster'
import type { EventEmitter } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'

/** A connection as node:cluster hands it over: nothing of it was read yet. */
interface Handed { close (): void }
type Send = (message: { readonly act?: string, readonly seq?: number }, connection?: Handed, ...more: unknown[]) => boolean

/** How long what a process said before it ended may take to be read, in ms, and how often it is looked whether it was. */
const readMs = 1000
const lookMs = 5

/** The processes that listen. */
const listening = new Set<Worker>()

/**
 * Gives what was handed to a process that ended before it took it to another one: node:cluster keeps such connections for good, and their callers would wait
 * for as long as they like. It goes by what node:cluster says to its processes, of which nothing is promised; where that is said otherwise one day nothing is given back.
 */
export function giveBackConnections (worker: Worker): void {
  const process = worker.process as unknown as EventEmitter & { send: Send, readonly connected: boolean }
  const handed = new Map<number, Handed>()
  const send = process.send.bind(process)
  process.send = (message, connection, ...more) => {
    if (message.act === 'newconn' && message.seq !== undefined && connection) handed.set(message.seq, connection)
    return send(message, connection, ...more)
  }
  process.on('internalMessage', ({ ack }: { readonly ack?: number }) => { if (ack !== undefined) handed.delete(ack) })
  worker.on('listening', () => { listening.add(worker) })
  let gone = false
  worker.once('disconnect', () => {
    gone = true
    listening.delete(worker)
    for (const [ack, connection] of handed) {
      if (listening.size === 0) connection.close()
      else process.emit('internalMessage', { cmd: 'NODE_CLUSTER', ack, accepted: false })
    }
  })
  process.once('exit', () => {
    void (async () => {
      for (let waited = 0; process.connected && waited < readMs; waited += lookMs) await wait(lookMs)
      await wait(0)
      // A process to which a connection was on its way is never said to be disconnected, since that has to come first.
      if (!gone) process.emit('disconnect')
    })()
  })
}
