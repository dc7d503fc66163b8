// Prints what failed in a file of test results (TAP): first a line for each case, with its place and what was found there, so that it can be understood
// from the beginning of a long log; then where it comes from.
import { readFileSync } from 'node:fs'

const [maxBrief, maxWidth, maxDetails] = [40, 400, 200]
/** What is told elsewhere, or of how tap runs a file. */
const unsaid = new Set(['at', 'stack', 'source', 'args', 'cwd', 'command', 'externalID', 'stdio', 'tapCaught'])

/** Every failure that is not only that of a case below it: the names that lead to it, and what is told of it by name. */
function failuresIn (lines) {
  const found = []
  const names = []
  const above = new Set()
  for (let at = 0; at < lines.length; at++) {
    const [, indent, subtest, name] = /^( *)(?:# Subtest: (.*)|not ok \d+ - (.*?)(?: # time=\S+)?)$/.exec(lines[at]) ?? []
    if (indent === undefined) continue
    names.length = indent.length / 4
    names.push(subtest ?? name)
    const path = names.join(' > ')
    if (subtest !== undefined || above.has(path)) continue
    for (let depth = 1; depth < names.length; depth++) above.add(names.slice(0, depth).join(' > '))
    if (!/ # (?:TODO|SKIP)/.test(name)) found.push({ path, facts: factsAt(lines, at + 1, indent.length + 2) })
  }
  return found
}

/** The members of the YAML block that begins at a line, each as the text behind its name. */
function factsAt (lines, start, indent) {
  const facts = {}
  let last
  if (lines[start]?.trim() !== '---') return facts
  for (const line of lines.slice(start + 1, lines.findIndex((one, index) => index > start && one.trim() === '...'))) {
    const [, member, value] = /^(\w+): ?(.*)$/.exec(line.slice(indent)) ?? []
    if (member !== undefined) facts[last = member] = /^[|>]/.test(value) ? '' : value
    else if (last !== undefined) facts[last] += `\n${line.slice(indent)}`
  }
  return facts
}

/** A line of a test, or else where it broke. */
function placeOf ({ at = '', stack = '' }) {
  const test = /[\w./-]+\.test\.ts:\d+/.exec(stack)
  if (test) return test[0]
  const [, file, line] = /fileName: (\S+)\n *lineNumber: (\d+)/.exec(at) ?? []
  return file === undefined ? /[\w./-]+\.ts:\d+/.exec(stack)?.[0] ?? '' : `${file}:${line}`
}

/** What differs (- is what was expected, + what was found), or else what else is told. */
function wrongOf ({ diff, found, wanted, ...more }) {
  if (diff !== undefined) return diff.split('\n').filter((line) => /^ *[-+](?!-- expected|\+\+ actual)/.test(line)).map((line) => line.trim()).join('  ')
  const told = { ...wanted !== undefined && { wanted, found }, ...more }
  return Object.entries(told).filter(([name]) => !unsaid.has(name)).map(([name, value]) => `${name}: ${value.replaceAll(/\s+/g, ' ').trim()}`).join(', ')
}

const failures = failuresIn(readFileSync(process.argv[2], 'utf8').split('\n'))
const brief = failures.map(({ path, facts }) => `not ok - ${placeOf(facts)} ${path}: ${wrongOf(facts)}`.slice(0, maxWidth))
const details = failures.flatMap(({ path, facts: { diff = '', stack = '', source = '' } }) => ['', path, ...`${diff}${stack}${source}`.split('\n').filter(Boolean)])
if (failures.length > 0) console.log(['', 'What failed (- expected, + found):', ...brief.slice(0, maxBrief), ...brief.length > maxBrief ? [`  and ${brief.length - maxBrief} more`] : [], ...details.slice(0, maxDetails)].join('\n'))
