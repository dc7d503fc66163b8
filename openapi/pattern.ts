/** Longest text that a pattern may be matched with, in characters: its cost is counted for such a text. */
export const longestMatched = 2000
/** Steps that a match may take at most: some 20 ms. */
const mostSteps = 10_000_000

/** How often a part of a pattern is left when it is entered `entries` times, at most; the steps on the way are counted. */
type Walk = (entries: number) => number

/** A part of a pattern. `characters` is the source of one that takes exactly one character, repeated or not; `mustMatch` is true when it cannot be left out. */
interface Term { readonly walk: Walk, readonly characters?: string, readonly mustMatch?: boolean, readonly isEnd?: boolean }

class PatternError extends Error {}

/**
 * What keeps a regular expression (ECMA-262, as JSON Schema has it) from being matched with a received text of up to `longestMatched`
 * characters, or undefined: that it is none, that it looks around or back, or that a text can be made with which a backtracking matcher takes
 * too many steps. Counted is every way in which a text could be divided among its parts, so that one that passes cannot explode; one that is
 * refused may only need an end for its repetitions.
 */
export function findPatternFault (pattern: string): string | undefined {
  try {
    new PatternReader(new RegExp(pattern).source).read(true)(longestMatched + 1)
    return undefined
  } catch (error) {
    return error instanceof PatternError ? error.message : 'is no regular expression'
  }
}

/** Reads a pattern that is known to be one, part by part (ECMA-262, 22.2.1). */
class PatternReader {
  readonly #pattern: string
  #at = 0
  #steps = 0
  constructor (pattern: string) {
    this.#pattern = pattern
  }

  /** `isTop` is true for the pattern as a whole, which is tried from every character of a text. */
  read (isTop = false): Walk {
    const branches = [this.#sequence(isTop)]
    while (this.#take('|')) branches.push(this.#sequence(isTop))
    return (entries) => branches.reduce((exits, branch) => exits + branch(entries), 0)
  }

  #sequence (isTop: boolean): Walk {
    const isAnchored = isTop && this.#pattern[this.#at] === '^'
    const terms: Term[] = []
    while (this.#at < this.#pattern.length && !'|)'.includes(this.#pattern[this.#at] as string)) terms.push(this.#repeated(this.#term()))
    return (entries) => terms.reduce((reached, term, index) => {
      const exits = term.walk(reached)
      // Of all the ways to leave a repetition only the longest is followed by something else than its own characters.
      return exits > reached && isSettledBy(term, terms[index + 1]) ? this.#count(exits, reached) : exits
    }, isAnchored ? 1 : entries)
  }

  #term (): Term {
    if (this.#take('^')) return { walk: (entries) => entries }
    if (this.#take('$')) return { walk: (entries) => entries, isEnd: true }
    if (this.#take('(')) return { walk: this.#group() }
    const from = this.#at
    if (this.#take('[')) this.#skipClass()
    else if (this.#take('\\')) this.#skipEscape()
    else this.#at++
    return { walk: (entries) => this.#count(entries, entries), characters: this.#pattern.slice(from, this.#at), mustMatch: true }
  }

  #group (): Walk {
    const rest = this.#pattern.slice(this.#at)
    if (/^\?<?[=!]/.test(rest)) throw new PatternError('looks ahead or behind, which is not taken here')
    this.#at += /^\?(?:<[^>]*>|[a-z-]*:)/.exec(rest)?.[0].length ?? 0
    const inside = this.read()
    this.#take(')')
    return inside
  }

  #skipClass (): void {
    while (!this.#take(']')) this.#at += this.#pattern[this.#at] === '\\' ? 2 : 1
  }

  #skipEscape (): void {
    const rest = this.#pattern.slice(this.#at)
    if (/^[1-9k]/.test(rest)) throw new PatternError('refers back to a group, which is not taken here')
    this.#at += /^(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[A-Za-z]|.)/s.exec(rest)?.[0].length ?? 1
  }

  #repeated ({ walk, characters, ...rest }: Term): Term {
    const [whole = '', sign, least = '', comma, most = ''] = /^(?:([*+?])|\{(\d+)(,)?(\d*)\})\??/.exec(this.#pattern.slice(this.#at)) ?? []
    if (whole === '') return { walk, ...rest, ...(characters !== undefined && { characters }) }
    this.#at += whole.length
    const from = sign === undefined ? Number(least) : sign === '+' ? 1 : 0
    const hasEnd = sign === undefined ? comma === undefined || most !== '' : sign === '?'
    // No text is long enough for more.
    const to = hasEnd ? Math.min(sign === '?' ? 1 : Number(most || least), longestMatched) : longestMatched
    const repeat: Walk = (entries) => {
      let exits = 0
      for (let count = 0, reached = entries; count <= to; count++) {
        if (count >= from) exits += reached
        reached = this.#count(1, count < to ? walk(reached) : 0)
      }
      return exits
    }
    return { walk: repeat, mustMatch: from > 0, ...(characters !== undefined && { characters }) }
  }

  /** Counts steps and gives what was reached with them. */
  #count (steps: number, reached: number): number {
    this.#steps += steps
    if (this.#steps > mostSteps) throw new PatternError('could take too long on some text: begin it with ^ and give its repetitions an end, as {1,64} instead of +')
    return reached
  }

  #take (character: string): boolean {
    if (this.#pattern[this.#at] !== character) return false
    this.#at++
    return true
  }
}

function isSettledBy ({ characters }: Term, next: Term | undefined): boolean {
  if (characters === undefined || next === undefined) return false
  if (next.isEnd) return true
  if (next.characters === undefined || !next.mustMatch || /^\\[bB]$/.test(next.characters)) return false
  const [own, others] = [characters, next.characters].map((source) => new RegExp(`^${source}$`)) as [RegExp, RegExp]
  for (let unit = 0; unit <= 0xffff; unit++) {
    const character = String.fromCharCode(unit)
    if (own.test(character) && others.test(character)) return false
  }
  return true
}
