import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { answerQuestions, Asking, NoAnswer } from './worker-messages.ts'
import type { Answers } from './worker-messages.ts'

/** Asks what answers `ping` like this; what is sent either way is read a few turns later, as from a socket. */
function asking (ping: Answers['ping'], ended: Promise<string> = new Promise(() => undefined)): Asking {
  const takes = { here: (_message: unknown): void => undefined, there: (_message: unknown): void => undefined }
  const carry = (to: keyof typeof takes) => async (message: object): Promise<void> => {
    await turn()
    await turn()
    takes[to](structuredClone(message))
  }
  answerQuestions({ send: carry('here'), onMessage: (take) => { takes.there = take } }, { ping } as Answers)
  return new Asking({ send: carry('there'), onMessage: (take) => { takes.here = take } }, ended)
}

t.test('an answer is given, and a refusal is thrown as it was said', async (t) => {
  t.equal(await asking(() => null).ask('ping', null, 1000), null)
  const refused = asking(() => { throw new Error('no space left') }).ask('ping', null, 1000)
  await t.rejects(refused, { message: 'no space left' })
  t.notOk(await refused.catch((error: unknown) => error) instanceof NoAnswer)
})

t.test('who says nothing in time is told from who has ended', async (t) => {
  const never = async (): Promise<null> => new Promise(() => undefined)
  const silent: unknown = await asking(never).ask('ping', null, 50).catch((error: unknown) => error)
  t.ok(silent instanceof NoAnswer)
  t.match(silent, { message: 'the process did not answer within 0.05 s (ping)' })
  const gone = asking(never, wait(10, 'SIGSEGV'))
  for (const when of ['while it is asked', 'before']) {
    const ended: unknown = await gone.ask('ping', null, 1000).catch((error: unknown) => error)
    t.notOk(ended instanceof NoAnswer, when)
    t.match(ended, { message: 'the process ended: SIGSEGV' })
  }
})

t.test('time in which the one who asks cannot listen is not held against the other', async (t) => {
  const asked = asking(() => null)
  for (let count = 0; count < 3; count++) {
    const answer = asked.ask('ping', null, 50)
    for (const end = performance.now() + 120; performance.now() < end;);
    t.equal(await answer, null)
  }
})
