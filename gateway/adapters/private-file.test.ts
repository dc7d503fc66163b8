import { chmod, stat } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { readPrivateFile } from './private-file.ts'

t.test('a file that others can use is refused with what to do, which leaves it to whoever runs the gateway', { skip: process.platform === 'win32' }, async (t) => {
  const path = join(t.testdir({ 'server.key': 'a key' }), 'server.key')
  const { uid } = await stat(path)
  for (const mode of [0o640, 0o604, 0o620, 0o444]) {
    await chmod(path, mode)
    t.strictSame(await readPrivateFile(path, uid), { fault: `is open to other users: run chmod 600 ${path}` })
    t.strictSame(await readPrivateFile(path, 0), { fault: `is open to other users: run chmod 600 ${path}` }, 'root reads it whosever it is')
    // Read by its group: for its owner alone it could not be read at all.
    const fault = `is open to other users, and does not belong to user ${uid + 1}, who reads it: run chown ${uid + 1} ${path} && chmod 600 ${path}, or name a copy that does`
    t.strictSame(await readPrivateFile(path, uid + 1), { fault })
  }
  for (const mode of [0o600, 0o400]) {
    await chmod(path, mode)
    t.strictSame(await readPrivateFile(path, uid), Buffer.from('a key'))
  }
})
