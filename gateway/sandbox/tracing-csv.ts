/**
 * Reads a CSV file as the platform's processing does: the first line names the columns, cells are separated by commas, quotes ("" inside them for one) may surround a cell, lines end with LF or CRLF.
 * A row has the cells that it has: what is missing has no member, what is more than there are columns is named by its place (`_5`).
 */
export function * readCsv (text: string): IterableIterator<Readonly<Record<string, string>>> {
  let columns: readonly string[] | undefined
  for (const cells of readLines(text.replace(/^\ufeff/, ''))) {
    if (columns === undefined) columns = cells
    else yield Object.fromEntries(cells.map((cell, index) => [columns?.[index] ?? `_${index}`, cell]))
  }
}

function * readLines (text: string): IterableIterator<readonly string[]> {
  let cells: string[] = []
  let cell = ''
  let isQuoted = false
  let isBegun = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string
    isBegun = true
    if (isQuoted) {
      if (character !== '"') cell += character
      else if (text[at + 1] === '"') {
        cell += '"'
        at++
      } else isQuoted = false
    } else if (character === '"' && cell === '') isQuoted = true
    else if (character === ',') {
      cells.push(cell)
      cell = ''
    } else if (character === '\n') {
      yield [...cells, cell.replace(/\r$/, '')]
      cells = []
      cell = ''
      isBegun = false
    } else cell += character
  }
  if (isBegun) yield [...cells, cell]
}
