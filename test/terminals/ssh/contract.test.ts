/** Ssh transport: the contract of all transports, over a real sshd. */
import { after } from 'node:test'
import { systemRandom } from '../../../src/platform/random.ts'
import { systemTimers } from '../../../src/terminals/timers.ts'
import { SpawnBound } from '../../../src/terminals/transports/spawn-bound.ts'
import { createSshTransport } from '../../../src/terminals/transports/ssh/ssh.ts'
import { transportContract } from '../../contracts/transport.ts'
import { requireTools } from '../../fixtures/require-tool.ts'
import { makeAuthority, principal, requestFor, unexpected } from '../../fixtures/ssh-world.ts'
import { osUser, startSshd } from '../../fixtures/sshd.ts'
import { terminalRequest } from '../../fixtures/terminal-request.ts'

const { skip } = requireTools('ssh', 'sshd')
const authority = makeAuthority()
const options = { caLines: [authority.publicLine], principals: { [osUser]: [principal] } }
const sshd = skip === false ? await startSshd({ after }, options) : null

transportContract({
  name: 'ssh',
  makeTransport: () =>
    createSshTransport(
      {
        authority: { load: () => Promise.resolve(authority) },
        clock: { wallMs: Date.now },
        random: systemRandom(),
        timers: systemTimers,
        bound: new SpawnBound(systemTimers),
        log: { error: unexpected },
      },
      { keyType: 'ed25519', sourceAddress: 'auto', program: '/usr/bin/ssh' },
    ),
  request: sshd === null ? terminalRequest() : requestFor(sshd),
  shell: 'posix',
  skip,
})
