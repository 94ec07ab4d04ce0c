/** Terminals: opens PTYs. Both ends are close-on-exec, so that no program inherits another one's terminal. */
import { readdirSync, readFileSync, readSync } from 'node:fs'
import type { TerminalSize } from '../../protocol/terminal-frames.ts'

type Library = typeof import('@replit/ruspty/index.js')

/** A PTY without a program. */
export type PtyPair = {
  /** Non-blocking; its reader closes it. */
  readonly masterFd: number
  /** The device that the program opens. */
  readonly slavePath: string
  /** @throws Error if the master was closed. */
  readonly resize: (size: TerminalSize) => void
  /** Closes the device, which is kept open so that output does not end before the program does. */
  readonly release: () => void
}

/**
 * Opens a PTY of the given size.
 *
 * The library opens one only together with a program, and marks the end of that program in the output: so it runs a
 * shell that does nothing, and its mark is removed before anything else can be there.
 *
 * @throws Error if the machine cannot open PTYs: another system than Linux on x64 with glibc, or none left.
 */
export async function openPtyPair(size: TerminalSize): Promise<PtyPair> {
  const library = await loadLibrary()
  const { pty, masterFd } = await openWithNothing(library, size)
  return {
    masterFd,
    slavePath: slavePathOf(masterFd),
    resize: ({ cols, rows }) => library.ptyResize(masterFd, { cols, rows }),
    release: () => pty.dropUserFd(),
  }
}

async function openWithNothing(library: Library, size: TerminalSize): Promise<{ pty: Pty; masterFd: number }> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const pty = new library.Pty({
    command: '/bin/sh',
    args: ['-c', ':'],
    envs: {},
    dir: '/',
    size: { cols: size.cols, rows: size.rows },
    onExit: (error, code) => (error === null ? resolve(code) : reject(error)),
  })
  const masterFd: number = pty.takeControllerFd()
  await promise
  const mark = library.getSyntheticEofSequence()
  const found = Buffer.alloc(4096)
  const length = readSync(masterFd, found)
  if (!found.subarray(0, length).equals(mark)) throw new Error('A new terminal holds output that no program wrote.')
  return { pty, masterFd }
}

type Pty = InstanceType<Library['Pty']>

function slavePathOf(masterFd: number): string {
  const index = /^tty-index:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${masterFd}`, 'utf8'))?.[1]
  if (index === undefined) throw new Error('The operating system does not name the device of the terminal.')
  return `/dev/pts/${index}`
}

let loaded: Promise<Library> | null = null

/** Loaded at the first terminal, so that Sallyport runs where the library does not. */
function loadLibrary(): Promise<Library> {
  loaded ??= import('@replit/ruspty/index.js').then((library) => {
    closeInheritedOnExec(library)
    return library
  })
  return loaded
}

/** Descriptors that Sallyport itself inherited must not reach programs in terminals; Node.js opens its own close-on-exec. */
function closeInheritedOnExec(library: Library): void {
  for (const name of readdirSync('/proc/self/fd')) {
    const fd = Number(name)
    if (fd <= 2) continue
    try {
      library.setCloseOnExec(fd, true)
    } catch (error) {
      // The descriptor that listed the folder is closed already.
      if (!String(error).includes('EBADF')) throw error
    }
  }
}
