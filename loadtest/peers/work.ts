/**
 * What every peer has to do with a call before it passes it on: what it must find in the voucher, how many calls of a client it lets through, and
 * where to. A program of ours gets it as JSON, its only argument.
 */
export interface Work {
  /** Origin of the upstream. */
  readonly upstream: string
  /** The public key that signs vouchers, as PEM, in a file and as the platform's key set. */
  readonly pem: string
  readonly pemFile: string
  readonly jwksUrl: string
  readonly issuer: string
  readonly audience: string
  /** Calls that a client may make in a day. */
  readonly limit: number
  /** The file with the contract by which queries are judged, in JSON and in one piece: not every reader follows what ours are written with. */
  readonly contract: string
}

/** A day, in seconds: the window of every limit. */
export const windowSeconds = 86_400

/** The work that a program of ours was started with. */
export function givenWork (): Work {
  return JSON.parse(process.argv[2] ?? '') as Work
}
