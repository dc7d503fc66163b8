import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Answer } from '../catalogue/answer.ts'
import { chartFiles } from '../charts/chart-files.ts'

/** What the page is dressed in and drawn with: files by name, below a folder that changes with their content, so that they may be kept for good. */
export interface Files { readonly folder: string, readonly answers: ReadonlyMap<string, Answer> }

const [css, script, woff2] = ['text/css; charset=utf-8', 'text/javascript; charset=utf-8', 'font/woff2']
// Of the kit that the catalogue is made of the fonts: its rules know no dark, and are a hundred times as long as what this page needs.
const fonts = join(dirname(createRequire(import.meta.url).resolve('bootstrap-italia/package.json')), 'dist/fonts/Titillium_Web')
const titillium = (weight: string): string => join(fonts, `titillium-web-v10-latin-ext_latin-${weight}.woff2`)

const sources: readonly (readonly [name: string, type: string, path: string])[] = [
  ['uplot.css', css, chartFiles.uplotCss],
  ['palette.css', css, chartFiles.palette],
  ['operations.css', css, join(import.meta.dirname, 'operations.css')],
  ['uplot.js', script, chartFiles.uplot],
  ['chart-dress.js', script, chartFiles.dress],
  ['operations.js', script, join(import.meta.dirname, 'operations.js')],
  ['titillium-web-400.woff2', woff2, titillium('regular')],
  ['titillium-web-600.woff2', woff2, titillium('600')],
  ['titillium-web-700.woff2', woff2, titillium('700')]
]

/** Reads them. */
export async function openFiles (): Promise<Files> {
  const answers = new Map(await Promise.all(sources.map(async ([name, type, path]) => [name, new Answer(type, await readFile(path))] as const)))
  const hash = createHash('sha256')
  for (const { tag } of answers.values()) hash.update(tag)
  return { folder: hash.digest('hex').slice(0, 16), answers }
}
