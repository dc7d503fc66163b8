import { registryOf } from '../adapters/registry-file.ts'
import type { RegistryFile } from '../adapters/registry-file.ts'
import type { Registry } from '../../policies/registry.ts'

/** What the platform knows at this moment: the registry file as changed since the start, in memory only. */
export interface LiveRegistry extends Registry {
  /** All that is known, in the shape and order of the file. */
  current (): RegistryFile
  /** Puts what is known from now on in the place of what was known. */
  replace (file: RegistryFile): void
}

/** A registry that begins with a file; reads see the last replacement. */
export function createLiveRegistry (file: RegistryFile): LiveRegistry {
  let current = file
  let registry = registryOf(file)
  return {
    current: () => current,
    replace: (changed) => { [current, registry] = [changed, registryOf(changed)] },
    settle: (ids) => registry.settle(ids),
    tenant: (id) => registry.tenant(id),
    client: (id) => registry.client(id),
    eservice: (id) => registry.eservice(id),
    purpose: (id) => registry.purpose(id),
    delegation: (id) => registry.delegation(id),
    agreement: (eserviceId, consumerId) => registry.agreement(eserviceId, consumerId)
  }
}
