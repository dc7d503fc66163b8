/** Rows as a table that is also one in Markdown: the first is its heading, figures (the columns of these numbers) stand to the right. */
export function markdown (rows: readonly (readonly string[])[], figures: readonly number[] = []): string {
  const [heading = []] = rows
  const widths = heading.map((_cell, index) => Math.max(3, ...rows.map((row) => row[index]?.length ?? 0)))
  const ruler = widths.map((width, index) => figures.includes(index) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))
  const pad = (cell: string, index: number): string => figures.includes(index) ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0)
  const lineOf = (row: readonly string[]): string => `| ${row.map(pad).join(' | ')} |`
  return [lineOf(heading), lineOf(ruler), ...rows.slice(1).map(lineOf)].join('\n')
}
