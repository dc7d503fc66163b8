import { parseQuery, queryOf } from '../../openapi/requests/query.ts'

/** The languages of the catalogue, the first of them where nothing else is wished. */
export const languages = ['it', 'en'] as const
export type Language = (typeof languages)[number]

/** A text in both of them. */
export type Said<Text> = Readonly<Record<Language, Text>>

/** The language of a page: what its address says (`?lang=`), else what the browser prefers (RFC 9110, 12.5.4), else Italian. */
export function languageOf (url: string, acceptLanguage: string | undefined): Language {
  const said = parseQuery(queryOf(url))?.find(({ name }) => name === 'lang')?.value
  return languages.find((one) => one === said) ?? preferred(acceptLanguage) ?? languages[0]
}

function preferred (acceptLanguage: string | undefined): Language | undefined {
  const ranges = (acceptLanguage ?? '').slice(0, 500).split(',').map((text) => {
    const [tag = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
    const quality = parameters.find((parameter) => parameter.startsWith('q='))
    return { language: languages.find((one) => tag === one || tag.startsWith(`${one}-`)), quality: quality === undefined ? 1 : Number(quality.slice(2)) || 0 }
  })
  return ranges.filter(({ language, quality }) => language && quality > 0).toSorted((a, b) => b.quality - a.quality)[0]?.language
}

/** The address of a page in a language. */
export function inLanguage (path: string, language: Language): string {
  return `${path}?lang=${language}`
}
