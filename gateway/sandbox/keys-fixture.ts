import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readRegistryFile } from '../adapters/registry-file.ts'
import { clientKeyPath, keychainKeyPath, openKeyStore } from './key-store.ts'
import { producersOf } from './producer-keychain.ts'

/** Made once for all tests on this machine, and never used outside them. */
const made = join(import.meta.dirname, '../../.varco/test-keys')

/** Puts the keys of the demo registry into a new state folder of a sandbox, which would make them otherwise: that takes longer than most of a test. */
export async function layKeys (stateDir: string): Promise<void> {
  const file = await readRegistryFile(join(import.meta.dirname, 'registry.yaml'))
  const [clients, producers] = [file.clients.map(({ id }) => id), producersOf(file)]
  await openKeyStore(made, { clients, producers })
  await mkdir(stateDir, { recursive: true, mode: 0o700 })
  const pathsIn = (folder: string): string[] => [join(folder, 'platform.pem'), ...clients.map((id) => clientKeyPath(folder, id)), ...producers.map((id) => keychainKeyPath(folder, id))]
  const target = pathsIn(stateDir)
  await Promise.all(pathsIn(made).map(async (path, index) => copyFile(path, target[index] ?? '')))
}
