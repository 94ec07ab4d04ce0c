/** Terminals: starts the PTY session of a start token: first its recording, then its screen, then the terminal. */
import type { Account } from '../core/accounts/account.ts'
import type { AttachGrant } from '../core/terminals/attach.ts'
import type { TerminalSize } from '../protocol/terminal-frames.ts'
import type { Attachment } from './attachment.ts'
import { EventWriter } from './event-writer.ts'
import type { GatewayParts } from './gateway-parts.ts'
import { PtySession } from './pty-session.ts'
import type { Recorder, RecordHead } from './recording/recorder.ts'
import { keptUntil } from './recording/retention.ts'
import type { Screen, Screens, Snapshot } from './screen/screen.ts'
import type { SessionResources } from './session-resources.ts'
import type { Terminal, TerminalListener, TerminalRequest } from './transports/transport.ts'

/** What a new PTY session starts with. */
export type SessionStart = {
  readonly grant: AttachGrant
  /** The attachment that starts it. */
  readonly owner: Attachment
  readonly size: TerminalSize
  readonly onClosed: () => void
}

/**
 * Creates the PTY session; {@link openTerminal} opens its terminal.
 *
 * @throws Error if it cannot be recorded.
 */
export async function openSession(
  parts: GatewayParts,
  { grant, owner, size, onClosed }: SessionStart,
): Promise<PtySession> {
  const { ports, recorders, screens, timers } = parts
  const { clock, log, store, random, encodings, digests } = ports
  const { ptySession, setup, groups, starter } = grant
  const recorder = await recorders.open(headOf(parts, grant, size))
  return new PtySession({
    facts: {
      id: ptySession.id,
      serverName: ptySession.serverName,
      osUser: ptySession.osUser,
      purpose: ptySession.purpose,
      changeId: ptySession.changeId,
      startedByAccountId: ptySession.startedByAccountId,
    },
    owner,
    rules: { setup, groups, starter },
    size,
    recorder,
    recordingLimitBytes: parts.recordingLimitBytes,
    screen: await followRecord(screens, recorder, size),
    eventWriter: new EventWriter({ store, clock, timers, log }, ptySession.id),
    clock,
    timers,
    log,
    newSecret: () => {
      const secret = encodings.toBase64url(random.bytes(32))
      return { secret, digest: digests.sha256(secret) }
    },
    isLeaseHeld: () => ports.node.isReady(),
    onClosed,
  })
}

/** If the screens were closed meanwhile, the recording is closed too. */
async function followRecord(screens: Screens, recorder: Recorder, size: TerminalSize): Promise<Screen> {
  try {
    const { path } = recorder
    return screens.follow({ path, ...size, onKeyframe: (keyframe) => keep(recorder, keyframe) })
  } catch (cause) {
    await recorder.close()
    throw cause
  }
}

/** Without a screen the session works, but a client cannot start from a snapshot. A failed recorder is reported where output is appended. */
function keep(recorder: Recorder, keyframe: Snapshot): void {
  recorder.append([{ kind: 'keyframe', ...keyframe }]).catch(() => undefined)
}

/** What a terminal is opened for. */
export type Opening = {
  readonly session: PtySession
  readonly grant: AttachGrant
  readonly resources: SessionResources
}

/** Opens the terminal of a PTY session: a shell, or the line editor of a health check. */
export function openTerminal(parts: GatewayParts, { session, grant, resources }: Opening): Promise<void> {
  const { server, ptySession, account } = grant
  const transport = parts.transports[server.transport]
  return session.open(async (listener, size) => {
    const request = requestOf(grant, size)
    if (ptySession.purpose === 'change_request') return transport.open(request, listener)
    return openCheck(parts, { session, account, request, listener, transport, resources })
  })
}

type Check = {
  readonly session: PtySession
  readonly account: Account
  readonly request: TerminalRequest
  readonly listener: TerminalListener
  readonly transport: GatewayParts['transports']['ssh']
  readonly resources: SessionResources
}

function openCheck(parts: GatewayParts, check: Check): Terminal {
  const { session, account, request, listener, transport, resources } = check
  const { openHealthCheck, ports } = parts
  return openHealthCheck({
    transport,
    typist: () => session.implementor()?.facts ?? null,
    groups: () => session.implementor()?.facts.groups ?? account.groups,
    request,
    listener,
    hold: (by, stop) => ports.liveResources.add(resources.ofLine(session, { by, stop })),
    onCommand: (line) => session.noteCommand(line),
  })
}

function requestOf({ server, ptySession, account }: AttachGrant, size: TerminalSize): TerminalRequest {
  return {
    ptySessionId: ptySession.id,
    username: account.username,
    changeId: ptySession.changeId,
    server: {
      name: server.name,
      address: server.address,
      port: server.port,
      hostKey: server.hostKey,
      hostCa: server.hostCa,
    },
    osUser: ptySession.osUser,
    size,
    command: null,
  }
}

function headOf(parts: GatewayParts, grant: AttachGrant, size: TerminalSize): Omit<RecordHead, 'v' | 'keyId'> {
  const { ptySession, server, account, setup } = grant
  const startedAtMs = parts.ports.clock.wallMs()
  return {
    ptySessionId: ptySession.id,
    startedAtMs,
    server: server.name,
    address: server.address,
    osUser: ptySession.osUser,
    purpose: ptySession.purpose,
    changeId: ptySession.changeId,
    startedBy: account.username,
    cols: size.cols,
    rows: size.rows,
    inputIsRecorded: setup.policy.recordInput,
    keepUntilMs: keptUntil(startedAtMs, setup.policy.retentionMonths),
  }
}
