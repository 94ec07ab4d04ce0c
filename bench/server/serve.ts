/** Bench: the measured process: the whole server as `sallyport serve` runs it, with two bare routes. */
import { once } from 'node:events'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { readConfig } from '../../src/config.ts'
import { addAccount } from '../../src/core/administration/administer-accounts.ts'
import { loadAuthorityKey } from '../../src/main/authority-keys.ts'
import { type RunningServer, startServer } from '../../src/main.ts'
import { EchoTransport } from '../../test/fixtures/echo-transport.ts'
import { addBareRefresh, addBareVerify } from './ceilings.ts'
import { addTarget } from './inventory.ts'
import type { Counters, ServerReply, ServerRequest, ServerStart } from './protocol.ts'

const { dataDir, config, terminals = 'real' } = JSON.parse(process.argv[2] ?? '') as ServerStart
const file = { listen: '127.0.0.1:0', data: dataDir, throttle: false, logLevel: 'warn', ...config }
const closers: (() => Promise<void>)[] = []
const server: RunningServer = await startServer(
  {
    config: readConfig({ flags: {}, env: {}, file }),
    env: {},
    ...(terminals === 'echo' ? { terminals: { transport: new EchoTransport() } } : {}),
  },
  (app, ports) => {
    addBareVerify(app)
    closers.push(addBareRefresh(app, ports, dataDir))
  },
)
/** Milliseconds between two samples of the loop; every recorded delay contains them. */
const lookEveryMs = 10
const delay = monitorEventLoopDelay({ resolution: lookEveryMs })
delay.enable()

process.on('message', (request: ServerRequest) => {
  void answer(request).then((reply) => process.send?.(reply))
})
process.once('disconnect', () => process.exit(0))
reply({ kind: 'ready', port: Number(new URL(server.url).port) })

function reply(message: ServerReply): void {
  process.send?.(message)
}

async function answer(request: ServerRequest): Promise<ServerReply> {
  switch (request.op) {
    case 'measure':
      return { kind: 'counters', counters: counters() }
    case 'settle':
      await collectGarbage()
      return { kind: 'counters', counters: counters() }
    case 'add-account':
      await addAccount(
        server.ports,
        {
          username: request.username,
          password: request.password,
          email: null,
          role: 'user',
          groups: ['ops'],
          expiresAt: null,
        },
        {
          by: null,
          request: { by: 'command', ip: null, requestId: null, activity: null, commandLine: null },
          asFirstAdmin: false,
        },
      )
      return { kind: 'done' }
    case 'raw-hashes':
      return await hashRaw(request.durationMs)
    case 'authority':
      return { kind: 'authority', publicLine: (await loadAuthorityKey(server.ports, 'ssh-user-ca')).publicKey }
    case 'add-target':
      await addTarget(server.ports, request.target)
      return { kind: 'done' }
    case 'close':
      await server.close()
      for (const close of closers) await close()
      return { kind: 'done' }
  }
}

function counters(): Counters {
  const rss = process.memoryUsage.rss()
  const lateness = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - lookEveryMs)
  const loop = { p99Ms: lateness(delay.percentile(99)), maxMs: lateness(delay.max) }
  delay.reset()
  const { user, system } = process.cpuUsage()
  return { cpuSeconds: (user + system) / 1e6, rss, loop }
}

/** Collects twice, a turn of the loop apart: the second pass returns the memory that the first one freed. */
async function collectGarbage(): Promise<void> {
  const { gc } = globalThis
  if (gc === undefined) throw new Error('The server runs without --expose-gc.')
  for (let pass = 0; pass < 2; pass += 1) {
    gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function hashRaw(durationMs: number): Promise<ServerReply> {
  const worker = new Worker(new URL('./raw-hash.ts', import.meta.url), { workerData: durationMs })
  const [hashed] = await once(worker, 'message')
  return hashed as ServerReply
}
