import type { FoundCertificate } from '../../policies/certificates.ts'
import { readCredentials } from '../../policies/credentials.ts'
import { evidenceValues } from '../../policies/evidence-token.ts'
import type { Signers } from '../../policies/explained.ts'
import { headerValues } from '../../policies/header-values.ts'
import type { FoundClientKey } from '../../policies/keys.ts'
import { readJws } from '../../policies/jws.ts'
import type { Call } from '../../policies/policy.ts'
import { trustOf } from '../../policies/signed-token.ts'

/** An answer that does not come: who explains waits for nobody, and says that it is not known. */
const noAnswer = new Promise<never>(() => undefined)

/**
 * Asks beforehand who signed what goes with a call, and gives what answers at once with what was found out. What could not be asked is not
 * answered. `now` in epoch ms.
 */
export async function askBeforehand ({ authorization, rawHeaders }: Pick<Call, 'authorization' | 'rawHeaders'>, { clientKeys, certificates, internalClients }: Signers, now: number): Promise<Signers> {
  const credentials = readCredentials(authorization)
  const own = 'denial' in credentials ? [] : [credentials.voucher]
  const tokens = [...own, ...headerValues(rawHeaders, 'agid-jwt-signature'), ...evidenceValues(rawHeaders)]
  const keys = new Map<string, FoundClientKey>()
  const found = new Map<string, FoundCertificate>()
  for (const token of tokens) {
    const read = readJws(token)
    if (typeof read === 'string') continue
    const { header } = read
    if (trustOf(header) === 'x509') found.set(JSON.stringify(header), await certificates.find(header, now))
    // A voucher names a key of the platform itself.
    else if (typeof header['kid'] === 'string' && !own.includes(token)) keys.set(header['kid'], await clientKeys.find(header['kid']))
  }
  const known = <T>(answer: T | 'unavailable' | undefined): T | Promise<never> => answer === undefined || answer === 'unavailable' ? noAnswer : answer
  return { clientKeys: { find: (kid) => known(keys.get(kid)) }, certificates: { find: (header) => known(found.get(JSON.stringify(header))) }, internalClients }
}
