import { parentPort } from 'node:worker_threads'
import { judge } from './judge.ts'
import type { LintQuestion } from './lint.ts'

async function answer (question: LintQuestion): Promise<void> {
  parentPort?.postMessage(await judge(question))
}

parentPort?.on('message', (question: LintQuestion) => { void answer(question) })
