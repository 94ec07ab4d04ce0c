/** Cli: the verb `serve` runs a server until SIGTERM or SIGINT, and reloads its TLS files at SIGHUP. */
import type { Command } from 'commander'
import { version } from '../config/version.ts'
import type { RunningServer } from '../main.ts'
import { addAllOptions, type Flags, loadConfig } from './configuration.ts'
import { printLines, visible } from './output.ts'

/** Most milliseconds of a graceful shutdown. */
const shutdownMs = 10_000

/** Adds the verb. */
export function addServeVerb(program: Command): void {
  addAllOptions(program.command('serve').description('Run a server until SIGTERM or SIGINT.')).action(serve)
}

async function serve(flags: Flags): Promise<void> {
  const config = await loadConfig(flags, process.env)
  const termination = new TerminationSignals()
  const { startServer } = await import('../main.ts')
  const server = await startServer({ config, env: process.env })
  termination.waitForShutdown()
  logUnexpectedErrors(server)
  reloadTlsAtHangup(server, config.tlsCert !== null)
  await printLines([
    `Sallyport ${version.number} listens on ${visible(server.url)}`,
    ...(server.setupLink === null ? [] : [`Create the first administrator here, once: ${visible(server.setupLink)}`]),
    ...(server.isOwnerMissing ? [`No owner can sign in. Create one: ${addOwner(config.data)}`] : []),
  ])
  await termination.received
  await shutDown(server)
}

function addOwner(data: string): string {
  return `sallyport account add NAME --role admin --data ${visible(data)}`
}

/**
 * SIGTERM and SIGINT. While the server starts, a signal ends the process at once with exit code 1. Once it runs, the first
 * signal begins the graceful shutdown, and a second one ends the process at once.
 */
class TerminationSignals {
  /** Resolves at the signal that begins the graceful shutdown. */
  readonly received: Promise<void>
  #isGraceful = false

  constructor() {
    this.received = new Promise((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) {
        process.on(signal, () => {
          if (!this.#isGraceful) process.exit(1)
          this.#isGraceful = false
          resolve()
        })
      }
    })
  }

  waitForShutdown(): void {
    this.#isGraceful = true
  }
}

/** Shuts the server down gracefully, at most for `shutdownMs`. {@link RunningServer.close} has the steps. */
async function shutDown(server: RunningServer): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, shutdownMs)
  })
  await Promise.race([server.close(), late])
  clearTimeout(timer)
}

function reloadTlsAtHangup({ reloadTls, ports: { log } }: RunningServer, hasTls: boolean): void {
  process.on('SIGHUP', () => {
    if (!hasTls) return log.info({}, 'SIGHUP: no TLS files are configured')
    reloadTls().then(
      () => log.info({}, 'the TLS files were reloaded'),
      (err: unknown) => log.error({ err }, 'the TLS files cannot be used; the server keeps the old ones'),
    )
  })
}

/** Logs the stack. The process then ends like any failed command. */
function logUnexpectedErrors({ ports }: RunningServer): void {
  process.prependListener('uncaughtException', (err) => {
    ports.log.error({ err }, 'an unexpected error ends the server')
  })
}
