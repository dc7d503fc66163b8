/** Everything wrong with a file at once; `problems` are sentences that start with `file:line: `. */
export class CheckedFileError extends Error {
  override name = 'CheckedFileError'
  readonly problems: readonly string[]
  constructor (problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}
