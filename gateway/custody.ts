import { basename, join } from 'node:path'
import type { EvidencePlace } from './adapters/evidence-reader.ts'
import type { EvidenceOptions, EvidenceStore } from './adapters/evidence-store.ts'
import { Keychain } from './adapters/keychain.ts'
import type { KeychainOptions } from './adapters/keychain.ts'
import { isProven } from '../policies/admission.ts'
import type { Demands } from '../policies/demands.ts'
import type { EServiceConfig } from './eservice-config.ts'
import { prepareKeep } from './evidence.ts'
import type { EvidenceStores, UsedStore } from './evidence-stores.ts'
import type { Exchange } from './exchange.ts'
import type { LiveEService } from './route.ts'
import { prepareSeal } from './seal.ts'
import type { Seal } from './seal.ts'
import { ownFolders } from './state-folder.ts'

/** What is done for the operations of an e-service that demand it: their answers are signed, their requests kept as evidence. */
export interface Custodian { readonly seal: Seal | undefined, readonly keep: ReturnType<typeof prepareKeep> | undefined }

/** Who does it, by e-service; none where no contract demands it. */
export interface Custody {
  readonly of: (eservice: LiveEService) => Custodian | undefined
  /** What signs the refusal of a call, where answers to its operation are signed: once its client is known and within its burst limit, because signing costs more than calling. */
  readonly sealOf: (exchange: Exchange) => Seal | undefined
  /** The keys that sign now, each with the e-services whose answers it signs. */
  readonly signing: () => readonly { readonly eservices: readonly string[], readonly kid: string, readonly file: string }[]
  close (): Promise<void>
}

/** What opening needs: the state folder, in it the folder of what this process alone may write; the evidence stores that are open; `isPublished` asks the platform whether it has a key of the producer keychain. */
export interface CustodyParts extends Pick<KeychainOptions, 'warn' | 'isPublished'> { readonly state: string, readonly folder: string, readonly stores: EvidenceStores, readonly now: () => number }

const keychainRefreshMs = 30_000
const expiryMs = 3_600_000

/** Opens the keychains and evidence stores that contracts demand, each once. Throws naming the operation that needs a keychain in which no key can be used. */
export async function openCustody (eservices: readonly LiveEService[], parts: CustodyParts): Promise<Custody> {
  const keychains = new Map<string, Promise<Keychain>>()
  const custodians = new Map<LiveEService, Custodian>()
  const stores: EvidenceStore[] = []
  await using entered = new AsyncDisposableStack()
  for (const eservice of eservices) {
    const [signing, keeping] = [demanding(eservice, ({ signedResponse }) => signedResponse), demanding(eservice, ({ nonRepudiation }) => nonRepudiation)]
    const { keychain: folder, keychainId, producer } = eservice.config
    if (signing === undefined || folder === undefined) continue
    const opening = keychains.get(folder) ?? Keychain.open({ ...parts, folder })
    keychains.set(folder, opening)
    const keychain = await opening.catch((error: Error) => { throw new Error(`e-service "${eservice.config.name}": operation "${signing}" demands signed answers, and no key of its keychain can be used: ${error.message}`) })
    const used = keeping === undefined ? undefined : await useStore(eservice.config, parts)
    const store = used?.store
    if (used) stores.push(entered.adopt(used, async ({ leave }) => leave()).store)
    custodians.set(eservice, { seal: prepareSeal({ keychain, issuer: keychainId ?? producer, now: parts.now }, store, parts.warn), keep: store && prepareKeep(store) })
  }
  const opened = await Promise.all([...keychains].map(async ([folder, keychain]) => ({ folder, keychain: await keychain })))
  for (const { keychain } of opened) keychain.watch(keychainRefreshMs)
  const inUse = entered.move()
  const expiring = setInterval(() => { for (const store of stores) void store.expire() }, expiryMs).unref()
  return {
    of: (eservice) => custodians.get(eservice),
    sealOf: ({ route, call }) => route?.demands.signedResponse && isProven(call) && call.burst ? custodians.get(route.eservice)?.seal : undefined,
    signing: () => opened.map(({ folder, keychain: { current: { kid, file } } }) => ({ eservices: [...custodians.keys()].filter(({ config }) => config.keychain === folder).map(({ config: { name } }) => name), kid, file })),
    async close () {
      clearInterval(expiring)
      for (const { keychain } of opened) keychain.close()
      await inUse.disposeAsync()
    }
  }
}

/** The first operation that demands something. */
function demanding ({ demands }: LiveEService, what: (demands: Demands) => boolean): string | undefined {
  return [...demands].find(([, one]) => what(one))?.[0]
}

async function useStore ({ eserviceId, evidence }: EServiceConfig, { state, folder, stores, warn, now }: CustodyParts): Promise<UsedStore | undefined> {
  if (!evidence) return undefined
  const folders = async (): Promise<readonly string[]> => (await placesOf(state, eserviceId, evidence.keys)).map((place) => place.folder)
  const options: EvidenceOptions = { ...placeOf(folder, eserviceId, evidence.keys), folders, retentionDays: evidence.retentionDays, now, warn }
  return stores.use(options)
}

/** Where the evidence of an e-service is that one process keeps, in that one's folder. It goes by its id, which stays when its name in the configuration changes. */
export function placeOf (folder: string, eserviceId: string, keys: readonly string[]): EvidencePlace {
  return { folder: join(folder, 'evidence', eserviceId), eserviceId, keys: keys.map((key) => Buffer.from(key, 'base64')) }
}

/** Every place where evidence of an e-service is: that of each process that shares the state folder or did, and how its files are called there: `worker-2/`, or nothing for the process that is alone. */
export async function placesOf (state: string, eserviceId: string, keys: readonly string[]): Promise<readonly (EvidencePlace & { readonly within: string })[]> {
  return (await ownFolders(state)).map((folder) => ({ ...placeOf(folder, eserviceId, keys), within: folder === state ? '' : `${basename(folder)}/` }))
}
