/** Bench: the messages between the runner, the terminals' client and the process of their ceilings. */
import type { Latencies } from '../load/plan.ts'

/** A row of a seeded store: an account and its token. */
export type Row = number

/** The requests to the client. Sockets have names; each acknowledges output as it reads. */
export type ClientRequest =
  /** Opens a terminal and waits until it is silent; the echo and prompt of a shell are switched off. */
  | {
      readonly op: 'start'
      readonly name: string
      readonly port: number
      readonly row: Row
      readonly target: ClientTarget
    }
  /** Opens `count` terminals without input. */
  | {
      readonly op: 'start-idle'
      readonly count: number
      readonly port: number
      readonly row: Row
      readonly target: ClientTarget
    }
  /** Joins as an observer; a stalled one reads nothing after its WELCOME. */
  | { readonly op: 'join'; readonly name: string; readonly row: Row; readonly to: string; readonly isStalled: boolean }
  /** Opens a socket to a bare server. */
  | { readonly op: 'connect'; readonly name: string; readonly port: number }
  | { readonly op: 'leave'; readonly names: readonly string[] }
  /** Types without waiting. */
  | { readonly op: 'type'; readonly name: string; readonly text: string }
  /** Types a command (null: another process causes the output), and waits until every socket has `bytes` more bytes. */
  | {
      readonly op: 'transfer'
      readonly names: readonly string[]
      readonly command: string | null
      readonly bytes: number
    }
  | { readonly op: 'keys'; readonly name: string; readonly count: number }
  /** Joins as an observer, writes the screen to a headless terminal, and leaves. */
  | { readonly op: 'paint'; readonly row: Row; readonly to: string }
  /** Returns the socket's offset in the output of its terminal. */
  | { readonly op: 'position'; readonly name: string }

/** The server of the inventory that a terminal opens on; `isShell`: a real shell, not an echo terminal. */
export type ClientTarget = { readonly osUser: string; readonly address: string; readonly isShell: boolean }

/** The requests to the process of the ceilings: named plain PTYs, and a bare server that sends to all its sockets. */
export type CeilingRequest =
  | { readonly op: 'open-local'; readonly name: string; readonly osUser: string }
  | { readonly op: 'open-ssh'; readonly name: string; readonly words: readonly string[] }
  | { readonly op: 'type'; readonly name: string; readonly text: string }
  | { readonly op: 'transfer'; readonly name: string; readonly command: string; readonly bytes: number }
  | { readonly op: 'keys'; readonly name: string; readonly count: number }
  | { readonly op: 'listen' }
  /** Sends frames of 64 KiB of output to every socket. */
  | { readonly op: 'broadcast'; readonly bytes: number }
  | { readonly op: 'close' }

/** The answers of both. */
export type TerminalReply =
  | { readonly kind: 'done' }
  | { readonly kind: 'listening'; readonly port: number }
  | ({ readonly kind: 'moved' } & Moved)
  | ({ readonly kind: 'latencies' } & Latencies)
  | ({ readonly kind: 'painted' } & Painted)
  | { readonly kind: 'position'; readonly seq: number }

/** A transfer from the first byte to the last, to all sockets together. */
export type Moved = {
  readonly bytes: number
  readonly seconds: number
  /** Of the answering process. */
  readonly cpuSeconds: number
  /** Bytes that snapshots replaced, because a socket had fallen behind. */
  readonly skipped: number
}

/** A painted screen. */
export type Painted = {
  /** Milliseconds from the open socket to the screen in the terminal. */
  readonly ms: number
  /** The part of it before the screen arrived. */
  readonly waitedMs: number
  readonly bytes: number
  readonly seq: number
}
