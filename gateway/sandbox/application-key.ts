import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openDpopKey } from '../pdnd/dpop-key.ts'

/** The one internal application of the demonstration, by its alias in the registry. */
export const demoApplication = 'milano-crm'

/** Where the key of an internal application of the demonstration is kept. The public one, which the registry names, lies beside it: application-<alias>.pub.pem. */
export function applicationKeyPath (stateDir: string, alias: string): string {
  return join(stateDir, `application-${alias}.pem`)
}

/**
 * Makes the key of an internal application where it is not there yet (P-256; PKCS#8 PEM, 0600), and its public half. Any number of processes may do so at once.
 * @throws {KeyFileError} when the key file is none, or cannot be made
 */
export async function makeApplicationKey (stateDir: string, alias: string): Promise<void> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 })
  const path = applicationKeyPath(stateDir, alias)
  const { publicKey } = await openDpopKey(path)
  const pem = publicKey.export({ type: 'spki', format: 'pem' })
  const publicPath = path.replace(/\.pem$/, '.pub.pem')
  if (await readFile(publicPath, 'utf8').catch(() => undefined) === pem) return
  const temporary = `${publicPath}.${randomUUID()}.tmp`
  await writeFile(temporary, pem)
  await rename(temporary, publicPath)
}
