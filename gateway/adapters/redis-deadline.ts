/** What was waited for did not come in time. */
export class TooLate extends Error {
  constructor (ms: number) {
    super(`no answer within ${ms} ms`)
  }
}

/** Gives what a promise gives, or rejects with TooLate after `ms`. An answer that has arrived by then counts, also when this process was too busy to read it. */
export async function inTime<T> (answer: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    // After a busy time timers come first, then what sockets have received, then this.
    timer = setTimeout(() => { setImmediate(() => { reject(new TooLate(ms)) }) }, ms)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
