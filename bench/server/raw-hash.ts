/** Bench: a thread that only runs argon2id with the server's parameters: the ceiling of every sign-in. */
import { performance } from 'node:perf_hooks'
import { parentPort, workerData } from 'node:worker_threads'
import { hashSync, verifySync } from '@node-rs/argon2'
import type { ServerReply } from './protocol.ts'

const password = 'correct horse battery staple'
const phc = hashSync(password, { memoryCost: 19_456, timeCost: 2, parallelism: 1 })
const began = { at: performance.now(), cpu: process.threadCpuUsage() }
let hashes = 0
for (; performance.now() < began.at + (workerData as number); hashes += 1) verifySync(phc, password)
const { user, system } = process.threadCpuUsage(began.cpu)
const hashed: ServerReply = {
  kind: 'hashed',
  hashes,
  cpuSeconds: (user + system) / 1e6,
  seconds: (performance.now() - began.at) / 1000,
}
parentPort?.postMessage(hashed)
