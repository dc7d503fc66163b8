import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Answer } from './answer.ts'
import { Html, html } from './html.ts'

/** What the pages of the catalogue are dressed in: files by name, under an address that changes with their content, and icons by name. */
export interface Assets {
  readonly files: ReadonlyMap<string, Answer>
  /** The address of the folder of all files: they may be kept for good. */
  readonly folder: string
  /** The drawings of the icons, to stand once in a page. */
  readonly icons: Html
}

/** The icons that the pages use, of those of the kit. */
const iconNames = ['it-check-circle', 'it-chevron-right', 'it-close-circle', 'it-code-circle', 'it-download', 'it-error', 'it-external-link', 'it-help-circle', 'it-horn', 'it-info-circle', 'it-key', 'it-open-source', 'it-pa', 'it-unlocked', 'it-locked', 'it-warning-circle', 'it-files', 'it-copy'] as const
export type IconName = (typeof iconNames)[number]

const kit = join(dirname(createRequire(import.meta.url).resolve('bootstrap-italia/package.json')), 'dist')
const titillium = (weight: string): string => join(kit, 'fonts/Titillium_Web', `titillium-web-v10-latin-ext_latin-${weight}.woff2`)
const css = 'text/css; charset=utf-8'
const woff2 = 'font/woff2'

/** Only what the pages use of the kit is served. */
const sources: readonly (readonly [name: string, type: string, path: string])[] = [
  ['bootstrap-italia.min.css', css, join(kit, 'css/bootstrap-italia.min.css')],
  ['catalogue.css', css, join(import.meta.dirname, 'catalogue.css')],
  ['copy-code.js', 'text/javascript; charset=utf-8', join(import.meta.dirname, 'copy-code.js')],
  ['titillium-web-400.woff2', woff2, titillium('regular')],
  ['titillium-web-600.woff2', woff2, titillium('600')],
  ['titillium-web-700.woff2', woff2, titillium('700')],
  ['roboto-mono-400.woff2', woff2, join(kit, 'fonts/Roboto_Mono/roboto-mono-v13-latin-ext_latin-regular.woff2')]
]

let read: Promise<Assets> | undefined

/** Reads them, once in the life of a process. */
export async function openAssets (): Promise<Assets> {
  return read ??= readAssets()
}

async function readAssets (): Promise<Assets> {
  const files = new Map(await Promise.all(sources.map(async ([name, type, path]) => [name, new Answer(type, type === css ? withoutPlayer(await readFile(path, 'utf8')) : await readFile(path))] as const)))
  const hash = createHash('sha256')
  for (const { tag } of files.values()) hash.update(tag)
  return { files, folder: `/assets/${hash.digest('hex').slice(0, 16)}`, icons: iconsOf(await readFile(join(kit, 'svg/sprites.svg'), 'utf8')) }
}

/** The font of the kit's video player comes with its rules, which a strict policy blocks and no page uses. */
function withoutPlayer (rules: string): Buffer {
  return Buffer.from(rules.replace(/@font-face\{font-family:VideoJS;[^}]*\}/, ''))
}

function iconsOf (sprites: string): Html {
  const symbols = new Map([...sprites.matchAll(/<symbol id="([^"]+)".*?<\/symbol>/gs)].map(([symbol, id]) => [id, symbol]))
  return html`<svg class="d-none" aria-hidden="true">${iconNames.map((name) => {
    const symbol = symbols.get(name)
    if (symbol === undefined) throw new Error(`bootstrap-italia has no icon "${name}"`)
    return new Html(symbol)
  })}</svg>`
}
