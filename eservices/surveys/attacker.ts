/** What a published number claims to count: cells, each the answers of one option in one place. Null is suppressed. */
export interface Claim { readonly cells: readonly string[], readonly value: number | null }

/** A sum of cells, of what they held before or of what has come since, that an attacker can work out. */
export interface Finding { readonly cells: readonly string[], readonly value: number }

type Equation = readonly number[]

/**
 * Plays the attacker of the published tables at two moments: takes every claim as a linear equation over what each cell
 * held before and what has come since, solves the system, also adds its rows to and subtracts them from each other, and
 * gives every group of 1 to 4 answers found. A claim that is suppressed, or was not made before, is once left open and
 * once taken as nothing published. Used by tests only.
 */
export function findSmallGroups (before: readonly Claim[], now: readonly Claim[]): readonly Finding[] {
  const made = new Set(before.map(({ cells }) => cells.join()))
  const unmade = now.filter(({ cells }) => !made.has(cells.join())).map(({ cells }) => ({ cells, value: null }))
  return [...solve([...before, ...unmade], now, undefined), ...solve([...before, ...unmade], now, 0)]
}

function solve (before: readonly Claim[], now: readonly Claim[], suppressed: 0 | undefined): readonly Finding[] {
  const cells = [...new Set([...before, ...now].flatMap((claim) => claim.cells))].toSorted()
  const names = [...cells.map((cell) => `held ${cell}`), ...cells.map((cell) => `came ${cell}`)]
  const places = new Map(names.map((name, place) => [name, place]))
  const equation = (claim: Claim, kinds: readonly string[]): Equation | undefined => {
    const value = claim.value ?? suppressed
    if (value === undefined) return undefined
    const row = [...names.map(() => 0), value]
    for (const kind of kinds) for (const cell of claim.cells) row[places.get(`${kind} ${cell}`) as number] = 1
    return row
  }
  const equations = [
    ...before.map((claim) => equation(claim, ['held'])),
    ...now.map((claim) => equation(claim, ['held', 'came']))
  ]
  const rows = eliminate(unique(equations.filter((row) => row !== undefined)), names.length)
  return combinations(rows).flatMap((row) => smallGroup(row, names))
}

/** Gauss-Jordan elimination with pivots; the last column is the right-hand side. */
function eliminate (equations: readonly Equation[], columns: number): readonly Equation[] {
  const rows = equations.map((row) => [...row])
  let top = 0
  for (let column = 0; column < columns; column++) {
    const pivot = rows.findIndex((row, index) => index >= top && Math.abs(row[column] as number) > 1e-9)
    if (pivot === -1) continue
    const [row = []] = rows.splice(pivot, 1)
    const lead = row[column] as number
    const scaled = row.map((value) => value / lead)
    rows.splice(top++, 0, scaled)
    rows.forEach((other, index) => {
      const factor = other[column] as number
      if (index === top - 1 || Math.abs(factor) <= 1e-9) return
      rows[index] = other.map((value, place) => value - factor * (scaled[place] as number))
    })
  }
  return rows.slice(0, top)
}

function combinations (rows: readonly Equation[]): readonly Equation[] {
  const pairs = rows.flatMap((row, index) => rows.slice(index + 1).flatMap((other) => [
    row.map((value, place) => value - (other[place] as number)),
    row.map((value, place) => value + (other[place] as number))
  ]))
  return [...rows, ...pairs]
}

// Cells cannot be negative: a sum of some of them with a value of 1 to 4 is a group of at most that many answers.
function smallGroup (row: Equation, names: readonly string[]): readonly Finding[] {
  const sign = Math.sign(row.find((value) => Math.abs(value) > 1e-9) ?? 0)
  const coefficients = row.slice(0, -1).map((value) => value * sign)
  const value = Math.round((row.at(-1) as number) * sign * 1e6) / 1e6
  if (value < 1 || value > 4 || coefficients.some((coefficient) => coefficient < -1e-9)) return []
  return [{ cells: names.filter((_, place) => (coefficients[place] as number) > 1e-9), value }]
}

function unique (equations: readonly Equation[]): readonly Equation[] {
  return [...new Map(equations.map((row) => [row.join(), row])).values()]
}
