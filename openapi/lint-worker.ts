import { parentPort } from 'node:worker_threads'
import { judge } from './judge.ts'
import type { LintQuestion } from './lint.ts'

parentPort?.on('message', (question: LintQuestion) => {
  void judge(question).then((answer) => { parentPort?.postMessage(answer) })
})
