import { readFile } from 'node:fs/promises'
import { didYouMean } from '../closest-name.ts'
import type { Config } from '../config.ts'
import type { EServiceConfig } from '../eservice-config.ts'
import { UsageError } from './command.ts'
import type { Terminal } from './command.ts'

/** The bytes of a file, of standard input for `-`. Throws UsageError when it cannot be read. */
export async function readInput (file: string, terminal: Pick<Terminal, 'stdin'>): Promise<Buffer> {
  return file === '-' ? terminal.stdin() : readNamed(file)
}

/** The bytes of a file that was named: one that is not there is a wrong word, one that is not good is for others to judge. Throws UsageError when it cannot be read. */
export async function readNamed (file: string): Promise<Buffer> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => { throw new UsageError(`${file} cannot be read (${error.code ?? 'unknown error'})`) })
}

/** The e-service of a configuration with this name. Throws UsageError when there is none. */
export function chooseEService ({ eservices }: Config, name: string): EServiceConfig {
  const names = eservices.map((eservice) => eservice.name)
  const named = eservices.find((eservice) => eservice.name === name)
  if (!named) throw new UsageError(`there is no e-service "${name}" in the configuration.${didYouMean(name, names)} There are: ${names.join(', ')}`)
  return named
}
