import { createServer } from 'node:net'

// Below the range from which systems take ports for outgoing connections (ip_local_port_range on Linux): a port taken from there is lost to any connection made before somebody listens on it.
const [first, end, span] = [12_000, 32_000, 16]
// Test processes that run at once (tap numbers them) keep to a quarter of their own, and begin elsewhere than the ones before them.
const quarter = (end - first) / 4
const begin = first + Number(process.env.TAP_JOB_ID ?? 0) % 4 * quarter
let taken = process.pid

/** A loopback port on which nobody listens just now, nor on the ones that the other listeners of a program take beside it; never given twice by one process. */
export async function freePort (): Promise<number> {
  for (;;) {
    const port = begin + taken++ * span % quarter
    if ((await Promise.all([0, 1, 2, 3, 10].map(async (offset) => isFree(port + offset)))).every(Boolean)) return port
  }
}

/** True when nothing listens on a loopback port. */
export async function isFree (port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => { resolve(false) })
    server.listen(port, '127.0.0.1', () => server.close(() => { resolve(true) }))
  })
}
