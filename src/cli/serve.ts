/** Cli: the verb `serve`; runs a server until a signal ends it. What it prints on standard output is for a person, once. */
import type { Command } from 'commander'
import { version } from '../config/version.ts'
import type { RunningServer } from '../main.ts'
import { addAllOptions, type Flags, loadConfig } from './configuration.ts'
import { printLines, visible } from './output.ts'

/** How long answers that are under way may take once the server is told to end, in milliseconds. */
const drainMs = 10_000

/** Adds the verb. */
export function addServeVerb(program: Command): void {
  addAllOptions(program.command('serve').description('Run a server until SIGTERM or SIGINT.')).action(serve)
}

async function serve(flags: Flags): Promise<void> {
  const config = await loadConfig(flags, process.env)
  const ending = new Ending()
  const { startServer } = await import('../main.ts')
  const server = await startServer({ config, env: process.env })
  ending.beOrderly()
  logUnexpectedErrors(server)
  reloadOnHangup(server, config.tlsCert !== null)
  await printLines([
    `Sallyport ${version.number} listens on ${visible(server.url)}`,
    ...(server.setupLink === null ? [] : [`Make the first administrator here, once: ${visible(server.setupLink)}`]),
    ...(server.isOwnerMissing ? [`No owner can sign in. Make one: ${makeOwner(config.data)}`] : []),
  ])
  await ending.first
  await closeInTime(server)
}

function makeOwner(data: string): string {
  return `sallyport account add NAME --role admin --data ${visible(data)}`
}

/** The first signal asks for an orderly end; a second one, or one before there is a server to close, ends at once. */
class Ending {
  /** Resolves at the first signal of an orderly end. */
  readonly first: Promise<void>
  #isOrderly = false

  constructor() {
    this.first = new Promise((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) {
        process.on(signal, () => {
          if (!this.#isOrderly) process.exit(1)
          this.#isOrderly = false
          resolve()
        })
      }
    })
  }

  /** From here on there is a server to close. */
  beOrderly(): void {
    this.#isOrderly = true
  }
}

async function closeInTime(server: RunningServer): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, drainMs)
  })
  await Promise.race([server.close(), late])
  clearTimeout(timer)
}

function reloadOnHangup({ reloadTls, ports: { log } }: RunningServer, hasTls: boolean): void {
  process.on('SIGHUP', () => {
    if (!hasTls) return log.info({}, 'there are no TLS files to read again')
    reloadTls().then(
      () => log.info({}, 'the TLS files were read again'),
      (err: unknown) => log.error({ err }, 'the TLS files cannot be used; the old ones stay'),
    )
  })
}

/** The log keeps the stack; the process then ends as any failed command does. */
function logUnexpectedErrors({ ports }: RunningServer): void {
  process.prependListener('uncaughtException', (err) => {
    ports.log.error({ err }, 'an error that nobody expected ends the server')
  })
}
