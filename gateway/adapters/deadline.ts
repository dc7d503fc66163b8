/** What was waited for did not come in time. */
export class TooLate extends Error {
  constructor (ms: number) {
    super(`no answer within ${ms} ms`)
  }
}

/** A deadline is waited for in so many steps. Between two of them this process sends and reads whatever there is to send and to read. */
const steps = 5

/**
 * Gives what a promise gives, or rejects with TooLate after `ms`. Time in which this process is too busy to send or to read counts as one step at most: it
 * is the other side that is judged.
 */
export async function inTime<T> (answer: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    const wait = (left: number): void => {
      timer = setTimeout(() => {
        if (left > 1) wait(left - 1)
        // What sockets have received is read after timers, and before this.
        else setImmediate(() => { reject(new TooLate(ms)) })
      }, ms / steps)
    }
    wait(steps)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
