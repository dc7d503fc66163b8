import { evidenceFiles } from './adapters/evidence-folder.ts'
import { readSegment } from './adapters/evidence-reader.ts'
import type { EvidenceEntry, EvidencePlace } from './adapters/evidence-reader.ts'
import type { Opening } from './adapters/evidence-segment.ts'
import type { AnswerEvidence, RequestEvidence } from './evidence.ts'

/** What is looked for: days (Europe/Rome, both included) and ids; `jti` is that of the signature or of the voucher. What is left out is not looked at. */
export interface EvidenceQuery {
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly consumer?: string | undefined
  readonly client?: string | undefined
  readonly purpose?: string | undefined
  readonly correlationId?: string | undefined
  readonly jti?: string | undefined
}

/** A request that was kept, and its answer where one was. */
export interface FoundEvidence { readonly entry: EvidenceEntry<RequestEvidence>, readonly answer: AnswerEvidence | undefined }

type Facts = Opening | RequestEvidence | AnswerEvidence

/**
 * Finds requests in the evidence of an e-service and gives each to `each` when its answer is found or there is none; with their bodies when wanted.
 * Gives a sentence for every segment that cannot be read to its end; what comes after that place is not found.
 */
export async function searchEvidence (place: EvidencePlace, query: EvidenceQuery, { bodies }: { readonly bodies: boolean }, each: (found: FoundEvidence) => Promise<void> | void): Promise<readonly string[]> {
  const faults: string[] = []
  const unanswered = new Map<string, EvidenceEntry<RequestEvidence>>()
  for (const segment of await evidenceFiles.list(place.folder)) {
    const isAfter = query.to !== undefined && segment.day > query.to
    if (query.from !== undefined && segment.day < query.from) continue
    // An answer may have come after midnight.
    if (isAfter && unanswered.size === 0) break
    const { fault, entries } = await readSegment<Facts>(place, segment, { bodies }, (entry) => {
      const { facts } = entry
      if (facts.kind === 'request') {
        if (!isAfter && matches(facts, query)) unanswered.set(entry.hash, { ...entry, facts })
        return undefined
      }
      const answered = facts.kind === 'answer' ? unanswered.get(facts.request) : undefined
      if (facts.kind !== 'answer' || !answered) return undefined
      unanswered.delete(facts.request)
      return each({ entry: answered, answer: facts })
    })
    if (fault !== undefined) faults.push(`${segment.name}, entry ${entries}: ${fault}`)
  }
  for (const entry of unanswered.values()) await each({ entry, answer: undefined })
  return faults
}

function matches (facts: RequestEvidence, { consumer, client, purpose, correlationId, jti }: EvidenceQuery): boolean {
  const is = (wanted: string | undefined, ...values: readonly (string | undefined)[]): boolean => wanted === undefined || values.includes(wanted)
  return is(consumer, facts.consumerId) && is(client, facts.clientId) && is(purpose, facts.purposeId) &&
    is(correlationId, facts.correlationId) && is(jti, facts.signer?.jti, facts.voucher.jti)
}
