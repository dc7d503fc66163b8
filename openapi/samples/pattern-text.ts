/** A part of a pattern that makes text: `extra` is how often what has no end is repeated beyond its least, `pick` chooses among characters and branches. */
type Part = (extra: number, pick: number) => string

const longest = 2000

/**
 * A text of `least` to `most` characters that a regular expression (ECMA-262) matches; undefined where none is found. Anchors, look-around and
 * references back are passed over, and every text is tried before it is given.
 */
export function textLike (pattern: string, { least, most, pick }: { readonly least: number, readonly most: number, readonly pick: number }): string | undefined {
  const whole = tryRegExp(pattern)
  if (!whole) return undefined
  const part = tryToRead(whole)
  if (!part) return undefined
  const fits = (text: string): boolean => text.length >= least && text.length <= most && whole.test(text)
  // More than the least length and a little is asked of no pattern that some text fits at all.
  const extras = [1, 0, ...Array.from({ length: Math.min(most, longest, least + 64) }, (_, index) => index + 2)]
  return extras.values().map((extra) => part(extra, pick)).find(fits)
}

function tryRegExp (pattern: string): RegExp | undefined {
  for (const flags of ['u', '']) {
    try {
      return new RegExp(pattern, flags)
    } catch {
      continue
    }
  }
  return undefined
}

function tryToRead ({ source, flags }: RegExp): Part | undefined {
  try {
    return new PatternReader(source, flags).read()
  } catch {
    return undefined
  }
}

/** Reads a pattern that is known to be one, part by part (ECMA-262, 22.2.1). */
class PatternReader {
  readonly #pattern: string
  readonly #flags: string
  #at = 0
  constructor (pattern: string, flags: string) {
    this.#pattern = pattern
    this.#flags = flags
  }

  read (): Part {
    const branches = [this.#sequence()]
    while (this.#take('|')) branches.push(this.#sequence())
    return (extra, pick) => (branches[pick % branches.length] as Part)(extra, pick)
  }

  #sequence (): Part {
    const parts: Part[] = []
    while (this.#at < this.#pattern.length && !'|)'.includes(this.#pattern[this.#at] as string)) parts.push(this.#repeated(this.#term()))
    return (extra, pick) => parts.map((part) => part(extra, pick)).join('')
  }

  #term (): Part {
    const rest = this.#pattern.slice(this.#at)
    const [empty] = /^(?:\^|\$|\\[bB]|\\[1-9]\d*|\\k<[^>]*>)/.exec(rest) ?? []
    if (empty !== undefined) return this.#skip(empty.length, () => '')
    if (rest.startsWith('(')) return this.#group(rest)
    const [atom = rest[0] as string] = /^(?:\[(?:\\.|[^\]\\])*\]|\\(?:u\{[^}]*\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[A-Za-z]|[pP]\{[^}]*\}|.))/s.exec(rest) ?? []
    const characters = charactersOf(atom, this.#flags)
    return this.#skip(atom.length, (_extra, pick) => characters[pick % characters.length] as string)
  }

  #group (rest: string): Part {
    const [opening] = /^\((?:\?(?:<?[=!]|<[^>]*>|[a-z-]*:))?/.exec(rest) as unknown as [string]
    this.#at += opening.length
    const inside = this.read()
    this.#take(')')
    return /[=!]$/.test(opening) ? () => '' : inside
  }

  #repeated (part: Part): Part {
    const [whole = '', sign, least = '', comma, most = ''] = /^(?:([*+?])|\{(\d+)(,)?(\d*)\})\??/.exec(this.#pattern.slice(this.#at)) ?? []
    if (whole === '') return part
    this.#at += whole.length
    const from = sign === undefined ? Number(least) : sign === '+' ? 1 : 0
    const isBounded = sign === undefined ? comma === undefined || most !== '' : sign === '?'
    const to = isBounded ? sign === '?' ? 1 : Number(most || least) : longest
    return (extra, pick) => Array.from({ length: Math.min(to, longest, from + extra) }, (_, index) => part(extra, pick + index)).join('')
  }

  #skip (length: number, part: Part): Part {
    this.#at += length
    return part
  }

  #take (character: string): boolean {
    if (this.#pattern[this.#at] !== character) return false
    this.#at++
    return true
  }
}

const usual = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_. ,;:@/+=()'.split('')

/** Some of the characters that an atom of a pattern matches, letters and digits first. */
function charactersOf (atom: string, flags: string): readonly string[] {
  const matcher = new RegExp(`^${atom}$`, flags)
  const found = usual.filter((character) => matcher.test(character))
  if (found.length > 0) return found
  for (let unit = 0x20; unit <= 0xffff; unit++) if (matcher.test(String.fromCharCode(unit))) return [String.fromCharCode(unit)]
  throw new Error('no character matches')
}
