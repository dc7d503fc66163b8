/** Tells whoever started this program where it serves and which process it is, and ends with the channel to it. */
export function tellPort (port: number): void {
  process.once('SIGTERM', () => process.exit()).once('disconnect', () => process.exit())
  process.send?.({ url: `http://127.0.0.1:${port}`, pid: process.pid })
}
