import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseJson } from '../openapi/json/json.ts'
import { isRecord } from '../policies/jws.ts'

/** Where the operations listener of a running gateway is, and its token. */
export interface OperationsPlace { readonly url: string, readonly token: string }

const fileIn = (state: string): string => join(state, 'operations.json')

/** Tells the commands on this machine where the operations listener is, by a file of the state folder (0600). `remove` takes it away, unless another gateway has put its own there. */
export async function keepOperationsPlace (state: string, place: OperationsPlace): Promise<{ remove (): Promise<void> }> {
  const content = JSON.stringify({ ...place, pid: process.pid })
  const temporary = `${fileIn(state)}.${process.pid}.tmp`
  await writeFile(temporary, content, { mode: 0o600 })
  await rename(temporary, fileIn(state))
  return {
    async remove () {
      if (await readFile(fileIn(state), 'utf8').catch(() => undefined) === content) await rm(fileIn(state), { force: true })
    }
  }
}

/** Where the gateway that uses a state folder can be asked; undefined when none runs. */
export async function findOperationsPlace (state: string): Promise<OperationsPlace | undefined> {
  const bytes = await readFile(fileIn(state)).catch(() => undefined)
  const parsed = bytes && parseJson(bytes)
  const value = parsed && 'value' in parsed ? parsed.value : undefined
  return isRecord(value) && typeof value['url'] === 'string' && typeof value['token'] === 'string' ? { url: value['url'], token: value['token'] } : undefined
}
