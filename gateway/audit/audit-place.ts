import { basename, join } from 'node:path'
import { ownFolders } from '../state-folder.ts'

/** Where a process keeps the records of its calls: the folder of the files, and the file of the key that signs their heads. */
export interface AuditPlace { readonly folder: string, readonly key: string }

/** That of a process, in the folder of what it alone may write. */
export function auditPlaceOf (ownFolder: string): AuditPlace {
  return { folder: join(ownFolder, 'audit'), key: join(ownFolder, 'audit-key.pem') }
}

/** That of one of several processes: `within` says how its files are called in the state folder, `worker-2/`, or nothing for the process that is alone. */
export interface Place extends AuditPlace { readonly within: string }

/** Those of every process that shares the state folder or did. */
export async function auditPlaces (state: string): Promise<readonly Place[]> {
  return (await ownFolders(state)).map((folder) => ({ ...auditPlaceOf(folder), within: folder === state ? '' : `${basename(folder)}/` }))
}
