/** A line of a text, as it is and as it is to be: the same, or with more lines behind it. */
export interface LinePair { readonly before: string, readonly after: string }

const context = 3

interface Entry { readonly sign: ' ' | '-' | '+', readonly text: string }

/** What is added to a text, as a unified diff (three lines of context); empty where nothing is. */
export function unifiedDiff (lines: readonly LinePair[], name: string): string {
  const entries = lines.flatMap(entriesOf)
  const changed = entries.flatMap(({ sign }, index) => sign === ' ' ? [] : [index])
  if (changed.length === 0) return ''
  const hunks: { from: number, to: number }[] = []
  for (const index of changed) {
    const last = hunks.at(-1)
    if (last && index - context <= last.to) last.to = Math.min(entries.length, index + context + 1)
    else hunks.push({ from: Math.max(0, index - context), to: Math.min(entries.length, index + context + 1) })
  }
  return `--- a/${name}\n+++ b/${name}\n${hunks.map(({ from, to }) => hunkOf(entries, from, to)).join('')}`
}

function entriesOf ({ before, after }: LinePair): readonly Entry[] {
  if (before === after) return before === '' ? [] : [{ sign: ' ', text: before }]
  const entry = (sign: Entry['sign']) => (text: string): Entry => ({ sign, text })
  const whole = before.replace(/\r?\n$/, '')
  const more = after.slice(whole.length)
  if (after.startsWith(whole) && /^\r?\n/.test(more) && before.endsWith('\n')) {
    const [kept = '', ...added] = after.split(/(?<=\n)/)
    return [{ sign: ' ', text: kept }, ...added.map(entry('+'))]
  }
  if (after.endsWith(before)) return [...after.slice(0, after.length - before.length).split(/(?<=\n)/).map(entry('+')), { sign: ' ' as const, text: before }].filter(({ text }) => text !== '')
  return [...before === '' ? [] : [entry('-')(before)], ...after.split(/(?<=\n)/).map(entry('+'))]
}

function hunkOf (entries: readonly Entry[], from: number, to: number): string {
  const count = (list: readonly Entry[], sign: '-' | '+'): number => list.filter((entry) => entry.sign !== (sign === '-' ? '+' : '-')).length
  const [head, body] = [entries.slice(0, from), entries.slice(from, to)]
  const range = (sign: '-' | '+'): string => {
    const length = count(body, sign)
    const start = count(head, sign) + (length === 0 ? 0 : 1)
    return length === 1 ? String(start) : `${start},${length}`
  }
  const lines = body.map(({ sign, text }) => `${sign}${text.endsWith('\n') ? text : `${text}\n\\ No newline at end of file\n`}`)
  return `@@ -${range('-')} +${range('+')} @@\n${lines.join('')}`
}
