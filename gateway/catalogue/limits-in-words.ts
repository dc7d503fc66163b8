import type { EServiceConfig } from '../eservice-config.ts'
import type { Language } from './language.ts'
import type { Version } from './standing.ts'
import { numberIn } from './words.ts'

/** How much callers may call, one sentence for each limit; Markdown. */
export function limitsInWords ({ burst, classes, concurrency, quota: { mode } }: Pick<EServiceConfig, 'burst' | 'classes' | 'concurrency' | 'quota'>, versions: readonly Version[], language: Language): readonly string[] {
  const count = (value: number): string => `**${numberIn(language, value)}**`
  const say = sentences[language]
  const newest = versions[0]
  return [
    say.burst(count(burst.requests), burst.seconds),
    ...classes.map(({ operations, burst: own }) => say.class(operations.map((operation) => `\`${operation}\``).join(', '), count(own.requests), own.seconds)),
    ...newest && mode !== 'observe' ? [say.quota(count(newest.perConsumer), count(newest.total)), say.over[mode]] : [],
    ...mode === 'observe' ? [say.observed] : [],
    ...concurrency === undefined ? [] : [say.concurrency(count(concurrency))],
    say.told
  ]
}

const per = (seconds: number, one: string, more: (seconds: number) => string): string => seconds === 1 ? one : more(seconds)

const sentences = {
  it: {
    burst: (requests: string, seconds: number) => `**Raffica:** ogni client può fare ${requests} richieste ${per(seconds, 'al secondo', (many) => `ogni ${many} secondi`)}.`,
    class: (operations: string, requests: string, seconds: number) => `Per ${operations} valgono, insieme, ${requests} richieste ${per(seconds, 'al secondo', (many) => `ogni ${many} secondi`)}.`,
    quota: (perConsumer: string, total: string) => `**Quota giornaliera** (Europe/Rome): ${perConsumer} chiamate per fruitore, ${total} in tutto, e quelle dichiarate da ciascuna finalità.`,
    over: { block: 'Oltre la quota una chiamata è rifiutata (429) fino al giorno dopo; una chiamata rifiutata non consuma quota.', warn: 'Oltre la quota una chiamata è servita con un avviso.' },
    observed: 'Le quote giornaliere sono solo contate: nessuna chiamata è rifiutata per questo.',
    concurrency: (most: string) => `**Carico:** al massimo ${most} chiamate in corso insieme; una in più riceve 503 con \`Retry-After\`.`,
    told: 'Ogni risposta dice quanto resta in `X-RateLimit-Limit`, `X-RateLimit-Remaining` e `X-RateLimit-Reset` (secondi).'
  },
  en: {
    burst: (requests: string, seconds: number) => `**Burst:** each client may make ${requests} requests ${per(seconds, 'a second', (many) => `in ${many} seconds`)}.`,
    class: (operations: string, requests: string, seconds: number) => `For ${operations} it is, together, ${requests} requests ${per(seconds, 'a second', (many) => `in ${many} seconds`)}.`,
    quota: (perConsumer: string, total: string) => `**Daily quota** (Europe/Rome): ${perConsumer} calls for each consumer, ${total} in total, and those that each purpose declares.`,
    over: { block: 'Beyond a quota a call is refused (429) until the next day; a refused call takes nothing from it.', warn: 'Beyond a quota a call is served with a warning.' },
    observed: 'Daily quotas are only counted: no call is refused for them.',
    concurrency: (most: string) => `**Load:** at most ${most} calls at a time; one more gets 503 with \`Retry-After\`.`,
    told: 'Every answer says what is left in `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset` (seconds).'
  }
} as const
