import { isExpired } from './day-files.ts'
import { evidenceFiles } from './evidence-folder.ts'
import type { Segment } from './evidence-folder.ts'
import { readSegment } from './evidence-reader.ts'
import type { EvidencePlace } from './evidence-reader.ts'
import type { Opening, Previous } from './evidence-segment.ts'

/** What checking all evidence of an e-service found: `entries` that are good; each of `faults` says where the first broken entry of a segment is and why; `notes` are no faults. */
export interface Verification { readonly segments: number, readonly entries: number, readonly faults: readonly string[], readonly notes: readonly string[] }

/** Facts as far as their order is concerned. */
type Facts = Opening | { readonly kind: string }

/** Reads every entry, bodies too, and holds what each segment says of the one before it against that one. Evidence whose time is over may be missing. */
export async function verifyEvidence (place: EvidencePlace, retentionDays: number, now: number): Promise<Verification> {
  const segments = await evidenceFiles.list(place.folder)
  const faults: string[] = []
  const notes: string[] = []
  let entries = 0
  const claims = await readClaims(place, segments)
  for (const segment of segments) {
    const claimed = claims.filter(({ segment: name }) => name === segment.name)
    const found = new Map<number, string>()
    const end = await readSegment<Facts>(place, segment, { bodies: true }, ({ position, hash }) => {
      if (claimed.some((claim) => claim.entries === position + 1)) found.set(position + 1, hash)
    })
    entries += end.entries
    if (end.fault !== undefined) faults.push(`${segment.name}, entry ${end.entries}: ${end.fault}`)
    if (end.tornBytes !== undefined) notes.push(`${segment.name}: its last ${end.tornBytes} bytes are of an entry that was never whole; nobody was told that it is kept`)
    const short = end.fault === undefined ? claimed.find((claim) => claim.entries > 0 && found.get(claim.entries) !== claim.hash) : undefined
    if (short) faults.push(`${segment.name}, entry ${end.entries}: it ends here, and the segment after it knows of ${short.entries} entries: some were taken away`)
  }
  for (const { segment, by } of claims) {
    if (!segments.some(({ name }) => name === segment) && !isExpired(segment.slice(0, 10), retentionDays, now)) faults.push(`${segment}: it is missing, and ${by} comes after it`)
  }
  return { segments: segments.length, entries, faults, notes }
}

type Claim = Previous & { readonly by: string }

/** What every segment says of the one before it. */
async function readClaims (place: EvidencePlace, segments: readonly Segment[]): Promise<readonly Claim[]> {
  const claims: Claim[] = []
  for (const segment of segments) {
    const opening = await readOpening(place, segment)
    if (opening?.previous) claims.push({ ...opening.previous, by: segment.name })
  }
  return claims
}

async function readOpening (place: EvidencePlace, segment: Segment): Promise<Opening | undefined> {
  let opening: Opening | undefined
  await readSegment<Facts>(place, segment, { bodies: false }, ({ facts }) => {
    if ('previous' in facts) opening = facts
    return 'enough'
  })
  return opening
}
