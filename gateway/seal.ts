import type { EvidenceStore } from './adapters/evidence-store.ts'
import { signAnswer } from './answer-signature.ts'
import type { Answer, AnswerSigner } from './answer-signature.ts'
import { answerEvidence } from './evidence.ts'
import type { Exchange } from './exchange.ts'

/**
 * Signs what a call is answered with, of `bytes` bytes, and gives the headers that say so. Where the request is kept as evidence the signature is
 * kept with it, before anybody has it. An answer without a body has nothing to sign, unless its request is kept.
 */
export type Seal = (exchange: Exchange, answer: Answer, bytes: number) => Promise<Readonly<Record<string, string>>>

/** Prepares sealing for an e-service; `evidence` is where its requests are kept, where they are. */
export function prepareSeal (signer: AnswerSigner, evidence: EvidenceStore | undefined, warn: (message: string) => void): Seal {
  return async (exchange, answer, bytes) => {
    if (bytes === 0 && exchange.kept === undefined) return {}
    const signature = await signAnswer(signer, exchange, answer)
    if (exchange.kept !== undefined) {
      // The request was served by now: to answer with a failure would have it made again.
      await evidence?.keep(answerEvidence(exchange, answer, signature, signer.now())).catch((error: Error) => {
        warn(`the answer to the call ${exchange.correlationId} could not be kept with the evidence of its request: ${error.message}`)
      })
    }
    return { Digest: signature.digest, 'Agid-JWT-Signature': signature.jws }
  }
}
