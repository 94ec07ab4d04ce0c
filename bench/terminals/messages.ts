/** Bench: what the runner says to the client of terminals and to the process of their ceilings, and what they answer. */
import type { Latencies } from '../load/plan.ts'

/** A row of a seeded store: its account, and the token that it signs in with. */
export type Row = number

/** What the client is asked for. Sockets have names; each acknowledges what it reads, as it reads. */
export type ClientRequest =
  /** Opens a terminal and waits until it is silent; a shell is told to echo nothing and to prompt for nothing. */
  | { readonly op: 'start'; readonly name: string; readonly port: number; readonly row: Row; readonly target: Place }
  /** Opens so many terminals that nobody types into. */
  | {
      readonly op: 'start-idle'
      readonly count: number
      readonly port: number
      readonly row: Row
      readonly target: Place
    }
  /** Joins as an observer; one that is stalled reads nothing after its WELCOME. */
  | { readonly op: 'join'; readonly name: string; readonly row: Row; readonly to: string; readonly isStalled: boolean }
  /** Opens a socket to a bare server. */
  | { readonly op: 'connect'; readonly name: string; readonly port: number }
  | { readonly op: 'leave'; readonly names: readonly string[] }
  /** Types, and waits for nothing. */
  | { readonly op: 'type'; readonly name: string; readonly text: string }
  /** Types a command (null: somebody else makes them put out), and waits until all sockets have so many bytes more. */
  | {
      readonly op: 'transfer'
      readonly names: readonly string[]
      readonly command: string | null
      readonly bytes: number
    }
  | { readonly op: 'keys'; readonly name: string; readonly count: number }
  /** Joins as an observer, feeds the screen to a terminal without a display, and leaves. */
  | { readonly op: 'paint'; readonly row: Row; readonly to: string }
  /** Where a socket stands in the output of its terminal. */
  | { readonly op: 'position'; readonly name: string }

/** The server of the inventory that a terminal leads to; `isShell` where it is a real one. */
export type Place = { readonly osUser: string; readonly address: string; readonly isShell: boolean }

/** What the process of the ceilings is asked for: plain PTYs with names, and a bare server that sends to all its sockets. */
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

/** What either answers. */
export type TerminalReply =
  | { readonly kind: 'done' }
  | { readonly kind: 'listening'; readonly port: number }
  | ({ readonly kind: 'moved' } & Moved)
  | ({ readonly kind: 'latencies' } & Latencies)
  | ({ readonly kind: 'painted' } & Painted)
  | { readonly kind: 'position'; readonly seq: number }

/** What was transferred: from the first byte to the last, to all sockets together. */
export type Moved = {
  readonly bytes: number
  readonly seconds: number
  /** Of the answering process. */
  readonly cpuSeconds: number
  /** Bytes that snapshots stood for, because a socket had fallen behind. */
  readonly skipped: number
}

/** A screen that was painted. */
export type Painted = {
  /** From the open socket to the screen in the terminal, in milliseconds. */
  readonly ms: number
  /** Of which passed before the screen came. */
  readonly waitedMs: number
  readonly bytes: number
  readonly seq: number
}
