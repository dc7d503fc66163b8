import type { Jwk } from '../../policies/jwk.ts'
import { isRecord } from '../../policies/jws.ts'
import { readHead } from './audit-heads.ts'
import type { HeadClaims } from './audit-line.ts'
import { auditFiles } from './audit-reader.ts'
import { readOpening } from './audit-verification.ts'
import { readLines } from './line-reader.ts'

/** The heads of a log (JSON lines) that are of the files of a folder, by the node that they name or the key of that folder, and signed with a trusted key; without any, with those that files name. Throws what the file system throws. */
export async function readWitnesses (log: string, folder: string, trusted: readonly Jwk[] | undefined, own: Jwk | undefined): Promise<readonly HeadClaims[]> {
  const openings = (await Promise.all((await auditFiles.list(folder)).map(readOpening))).filter((opening) => opening !== undefined)
  const nodes = new Set(openings.map(({ node }) => node))
  const keys = trusted ?? openings.map(({ jwk }) => jwk)
  const heads: HeadClaims[] = []
  for await (const lines of readLines(log)) {
    for (const line of lines) {
      const jws = line.includes('"jws":') ? jwsOf(line) : undefined
      const claims = jws === undefined ? undefined : readHead(jws, keys)
      if (typeof claims === 'object' && (nodes.has(claims.node) || (own && typeof readHead(jws as string, [own]) === 'object'))) heads.push(claims)
    }
  }
  return heads
}

function jwsOf (line: string): string | undefined {
  try {
    const content: unknown = JSON.parse(line)
    return isRecord(content) && typeof content['jws'] === 'string' ? content['jws'] : undefined
  } catch {
    return undefined
  }
}
