import type { CallerFact } from './caller.ts'
import { explainChecks, failedLine } from './check.ts'
import type { Line } from './check.ts'
import type { Trust } from './demands.ts'
import type { Denial } from './denials.ts'
import type { Signers } from './explained.ts'
import { signersFor, trustedFor } from './internal-caller.ts'
import type { Jws } from './jws.ts'
import { findSigner, takeToken, tokenHeaderChecks, verifyToken } from './signed-token.ts'
import type { Signer, TokenKind } from './signed-token.ts'

/** The lines about a token itself; `signed` is set when it is known who signed it, whether genuine or not. */
export interface ExplainedToken { readonly lines: readonly Line[], readonly signed?: { readonly token: Jws, readonly signer: Signer } }

/**
 * Explains form, header and signature of the token in a header field; what its claims must say is for its policy. `signers` is asked as in
 * admission, and only an answer at once counts: nobody is waited for.
 */
export function explainToken (caller: CallerFact, values: readonly string[], kind: TokenKind, demanded: readonly Trust[], signers: Signers | undefined, now: number): ExplainedToken {
  const form = { check: `${kind.header} form`, expected: 'one JWT in compact form' }
  const token = takeToken(values, kind)
  if ('denial' in token) return { lines: [failedLine(form, token)] }
  const lines: readonly Line[] = [{ ...form, outcome: 'pass', got: 'such a token' }, ...explainChecks(tokenHeaderChecks(kind, trustedFor(caller, demanded)), token.header)]
  if (lines.some(({ outcome }) => outcome === 'fail')) return { lines }
  const signature = { check: `${kind.header} signature`, expected: 'one by the key that its header names' }
  const signer = atOnce(signers && findSigner(token, kind, signersFor(caller, signers), now))
  if (!signer) return { lines: [...lines, { ...signature, outcome: 'not checked', got: 'signature not checked: key not known here' }] }
  if ('denial' in signer) return { lines: [...lines, failedLine(signature, signer)] }
  const denial = verifyToken(token, signer, kind)
  return { lines: [...lines, denial ? failedLine(signature, denial) : { ...signature, outcome: 'pass', got: 'a valid signature' }], signed: { token, signer } }
}

function atOnce (answer: Signer | Denial | Promise<Signer | Denial> | undefined): Signer | Denial | undefined {
  if (!(answer instanceof Promise)) return answer
  answer.catch(() => undefined)
  return undefined
}
