/** Longest text that a pattern may be matched with where nothing else is said, in characters: its cost is counted for such a text. */
export const longestMatched = 2000
/** Steps that a match may take at most: some 20 ms. */
const mostSteps = 10_000_000

/** How often a part of a pattern is left when it is entered `entries` times, at most; the steps on the way are counted. */
type Walk = (entries: number) => number

/** A part of a pattern. `characters` is the source of one that takes exactly one character, repeated or not; `mustMatch` is true when it cannot be left out. */
interface Term { readonly walk: Walk, readonly characters?: string, readonly mustMatch?: boolean, readonly isEnd?: boolean }

class PatternError extends Error {}

/**
 * What keeps a regular expression (ECMA-262, as JSON Schema has it) from being matched by V8 with a received text of up to `longest` characters, or
 * undefined: that it is none, or that a text can be made with which a backtracking matcher takes too many steps. Counted is every way in which a
 * text could be divided among its parts, so that one that passes cannot explode; one that is refused may only need an end for its repetitions.
 */
export function findPatternFault (pattern: string, longest = longestMatched): string | undefined {
  try {
    const flags = isUnicode(pattern) ? 'u' : ''
    new PatternReader(new RegExp(pattern, flags).source, flags, longest).read(true)(longest + 1)
    return undefined
  } catch (error) {
    return error instanceof PatternError ? error.message : 'is no regular expression'
  }
}

/** Whether a pattern is a regular expression with the flag `u`, which JSON Schema asks for and real contracts do not always meet. */
export function isUnicode (pattern: string): boolean {
  return regularExpression(pattern, 'u') !== undefined
}

/** What a pattern is with some flags; undefined when it is no regular expression. */
export function regularExpression (pattern: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(pattern, flags)
  } catch {
    return undefined
  }
}

/** Reads a pattern that is known to be one, part by part (ECMA-262, 22.2.1). */
class PatternReader {
  readonly #pattern: string
  readonly #flags: string
  readonly #longest: number
  #at = 0
  #steps = 0
  constructor (pattern: string, flags: string, longest: number) {
    this.#pattern = pattern
    this.#flags = flags
    this.#longest = longest
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
      return exits > reached && isSettledBy(term, terms[index + 1], this.#flags) ? this.#count(exits, reached) : exits
    }, isAnchored ? 1 : entries)
  }

  #term (): Term {
    if (this.#take('^')) return { walk: (entries) => entries }
    if (this.#take('$')) return { walk: (entries) => entries, isEnd: true }
    if (this.#take('(')) return { walk: this.#group() }
    const from = this.#at
    if (this.#take('[')) this.#skipClass()
    else if (this.#take('\\')) {
      // Comparing with what a group matched may take as long as a text is.
      if (/^[1-9k]/.test(this.#pattern.slice(this.#at, this.#at + 1))) return { walk: this.#reference() }
      this.#skipEscape()
    } else this.#at += String.fromCodePoint(this.#pattern.codePointAt(this.#at) as number).length
    return { walk: (entries) => this.#count(entries, entries), characters: this.#pattern.slice(from, this.#at), mustMatch: true }
  }

  #group (): Walk {
    const rest = this.#pattern.slice(this.#at)
    const looks = /^\?<?[=!]/.exec(rest)?.[0]
    this.#at += looks?.length ?? /^\?(?:<[^>]*>|[a-z-]*:)/.exec(rest)?.[0].length ?? 0
    const inside = this.read()
    this.#take(')')
    if (looks === undefined) return inside
    return (entries) => {
      inside(entries)
      // What looks around is left in one way at most, however it could match.
      return this.#count(entries, entries)
    }
  }

  #reference (): Walk {
    this.#at += /^(?:\d+|k<[^>]*>|k)/.exec(this.#pattern.slice(this.#at))?.[0].length ?? 1
    return (entries) => this.#count(entries * this.#longest, entries)
  }

  #skipClass (): void {
    while (!this.#take(']')) this.#at += this.#pattern[this.#at] === '\\' ? 2 : 1
  }

  #skipEscape (): void {
    const rest = this.#pattern.slice(this.#at, this.#at + 100)
    this.#at += (this.#flags === 'u' ? /^(?:u\{[^}]*\}|[pP]\{[^}]*\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[A-Za-z]|.)/su : /^(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[A-Za-z]|.)/s).exec(rest)?.[0].length ?? 1
  }

  #repeated ({ walk, characters, ...rest }: Term): Term {
    const [whole = '', sign, least = '', comma, most = ''] = /^(?:([*+?])|\{(\d+)(,)?(\d*)\})\??/.exec(this.#pattern.slice(this.#at)) ?? []
    if (whole === '') return { walk, ...rest, ...(characters !== undefined && { characters }) }
    this.#at += whole.length
    const from = sign === undefined ? Number(least) : sign === '+' ? 1 : 0
    const hasEnd = sign === undefined ? comma === undefined || most !== '' : sign === '?'
    // No text is long enough for more.
    const to = hasEnd ? Math.min(sign === '?' ? 1 : Number(most || least), this.#longest) : this.#longest
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

function isSettledBy ({ characters }: Term, next: Term | undefined, flags: string): boolean {
  if (characters === undefined || next === undefined) return false
  if (next.isEnd) return true
  if (next.characters === undefined || !next.mustMatch || /^\\[bB]$/.test(next.characters)) return false
  return areDisjoint(characters, next.characters, flags)
}

/** Whether no character is in both of two classes: looked up for every one of them, which contracts repeat. */
function areDisjoint (one: string, other: string, flags: string): boolean {
  const key = `${flags} ${one} ${other}`
  const known = disjoint.get(key)
  if (known !== undefined) return known
  const [own, others] = [new RegExp(`^${one}$`, flags), new RegExp(`^${other}$`, flags)]
  let found = true
  for (let point = 0; point <= (flags === 'u' ? lastLetter : 0xffff) && found; point++) {
    const character = String.fromCodePoint(point)
    found = !(own.test(character) && others.test(character))
  }
  if (disjoint.size >= mostKnown) disjoint.clear()
  disjoint.set(key, found)
  return found
}

/** No class of Unicode tells characters behind this one apart. */
const lastLetter = 0x323af
const disjoint = new Map<string, boolean>()
const mostKnown = 5000
