import { ErrorReply } from 'redis'
import { TooLate } from './deadline.ts'

/** Redis answers, and cannot be used as it is; the message says why, and how to mend it. */
export class Unfit extends Error {}

const replies: Readonly<Record<string, string>> = {
  WRONGPASS: 'its user or password is wrong (WRONGPASS)',
  NOAUTH: 'it wants a password, and the URL has none (NOAUTH)',
  NOPERM: 'its user lacks a right: what it needs is ~varco:* +@read +@write +eval +info +hello (NOPERM)',
  READONLY: 'it is a replica, which counts nothing (READONLY)',
  OOM: 'its memory is full (OOM)'
}

/** What is wrong, in words that hold nothing of what was sent or of what is secret: of an answer only its code is repeated. */
export function faultOf (error: unknown): string {
  if (error instanceof Unfit || error instanceof TooLate) return error.message
  if (error instanceof ErrorReply) {
    const code = codeOf(error)
    return replies[code] ?? `it answers with an error (${code})`
  }
  const { code, name } = error as NodeJS.ErrnoException
  return code ?? (name === 'Error' ? (error as Error).constructor.name : name)
}

/** True for answers that a Redis gives for a while only: that it is starting, electing, busy or full of clients. */
export function isTransient ({ message }: ErrorReply): boolean {
  return /^(?:LOADING|CLUSTERDOWN|MASTERDOWN|BUSY|TRYAGAIN|ERR max number of clients)\b/.test(message)
}

// Scripts put the code behind words of their own in older versions.
function codeOf ({ message }: ErrorReply): string {
  return /\b[A-Z]{3,}\b/.exec(message)?.[0] ?? 'ERR'
}
