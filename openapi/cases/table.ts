import { answerCases } from './answers.ts'
import { isExpected, judgeAnswer } from './judge-answer.ts'
import { judgeRequest, wordsOf } from './request-case.ts'
import { requestCases } from './requests.ts'

/** `npm run cases`: how many of the requests and answers with a known verdict are judged right, kind by kind. Exit code 1 when one is not. */
interface Verdict { readonly of: 'request' | 'answer', readonly kind: string, readonly name: string, readonly isRight: boolean }

const verdicts: readonly Verdict[] = [
  ...requestCases.map((one) => ({ of: 'request' as const, kind: one.kind, name: one.name, isRight: isExpected(judgeRequest(one).map(wordsOf).toSorted(), one.wrong.toSorted()) })),
  ...answerCases.map((one) => ({ of: 'answer' as const, kind: one.kind, name: one.name, isRight: isExpected(judgeAnswer(one).map(({ in: part, pointer, rule }) => `${part}${pointer} ${rule}`), one.wrong ?? []) }))
]

const rows = [...Map.groupBy(verdicts, ({ of, kind }) => `${of.padEnd(8)} ${kind}`)].map(([kind, some]) => [kind, some.length, some.filter(({ isRight }) => isRight).length] as const)
const line = (kind: string, cases: number | string, right: number | string, wrong: number | string): string => [kind.padEnd(48), ...[cases, right, wrong].map((cell) => String(cell).padStart(6))].join(' ')
const right = verdicts.filter(({ isRight }) => isRight).length
process.stdout.write([
  line('kind', 'cases', 'right', 'wrong'),
  ...rows.map(([kind, cases, good]) => line(kind, cases, good, cases - good)),
  line('all', verdicts.length, right, verdicts.length - right),
  ...verdicts.filter(({ isRight }) => !isRight).map(({ of, kind, name }) => `wrong: ${of}, ${kind}: ${name}`)
].join('\n') + '\n')
process.exitCode = right === verdicts.length ? 0 : 1
