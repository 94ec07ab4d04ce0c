/** HTTP: what every dialect is given when its routes are registered. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerBase,
} from 'fastify'
import type { Dialect } from '../core/dialects.ts'
import type { Refusal } from '../core/errors.ts'
import type { GatewayLocator } from '../core/terminals/mint-pty-token.ts'
import type { Principal } from '../core/tokens/live-tokens.ts'
import type { Ports } from '../core/wiring.ts'
import type { AddressCap } from './address-cap.ts'
import type { BodyBudget } from './body-budget.ts'
import type { DialectDocument } from './openapi/operation.ts'
import type { ReadinessReason } from './readiness.ts'

/** A Fastify instance on plain HTTP or TLS, whose routes get the types of their schemas. */
export type App = FastifyInstance<
  RawServerBase,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

/** Choices of the operator that HTTP obeys. */
export type HttpSettings = {
  /** Base of links and of `proxyUrl`: scheme and host, no path, no trailing slash. */
  readonly publicUrl: string
  /** IP literals and CIDRs of proxies whose forwarding header is believed. */
  readonly trustedProxies: readonly string[]
  /** Lower-case name of the header that trusted proxies write. */
  readonly clientIpHeader: string
  readonly dialects: Readonly<Record<Dialect, DialectSettings>>
  readonly sftpgo: {
    readonly isBoundToAddress: boolean
    /** Any change of an account ends its tokens (SFTPGo, `token_validation` 2). */
    readonly endsTokensOnAnyChange: boolean
    /** Bits as in SFTPGo, `disabled_login_methods`: 16 and 32 tokens, 64 and 128 API keys of administrators and users. */
    readonly disabledLoginMethods: number
  }
  readonly pacerpro: { readonly acceptsBareToken: boolean }
  readonly giantswarm: { readonly installationName: string }
  /** null: an exchanged token lives to its own end. */
  readonly koyeb: { readonly oldTokenGraceSeconds: number | null }
}

/** How one dialect is served. */
export type DialectSettings = {
  readonly isEnabled: boolean
  /** Put before every path of the dialect; empty, or `/` and no trailing slash. */
  readonly prefix: string
  /** Origins that browsers may call from; none by default. */
  readonly allowedOrigins: readonly string[]
}

/** The version that documents and probes tell. */
export type Build = { readonly version: string /** RFC 3339. */; readonly builtAt: string }

/** A range of bytes, both ends included. */
export type ByteRange = { readonly from: number; readonly to: number }

/** The versions of asciicast that a recording is told in. */
export type CastVersion = 2 | 3

/** A recording as asciicast. */
export type RecordingExport = {
  /** It still grows: its size is none yet, and no range of it is read. */
  readonly isLive: boolean
  /** In bytes. */
  readonly size: () => Promise<number>
  /** null: all of it, as far as it goes now. */
  readonly read: (range: ByteRange | null) => AsyncIterable<Uint8Array>
}

/** Who follows a terminal. */
export type Follower = { readonly accountId: number }

/** What HTTP asks of the terminals of this node; who may ask is decided before. */
export type Terminals = {
  /** null: there is no recording. */
  readonly exportRecording: (ptySessionId: string, version: CastVersion) => Promise<RecordingExport | null>
  /**
   * Returns asciicast v3 lines as they happen, until the PTY session ends, or `signal` says so; null when the PTY session does not run here. A signal that has spoken already lets nobody in.
   *
   * @throws NO_GATEWAY when too many follow it, or the account does so too often.
   */
  readonly follow: (ptySessionId: string, follower: Follower, signal: AbortSignal) => AsyncIterable<Uint8Array> | null
  readonly hasRecording: (ptySessionId: string) => Promise<boolean>
}

/** One file that a page loads; read once and kept. */
export type PageAsset = {
  /** Media type. */
  readonly type: string
  readonly body: Buffer
  /** Entity tag, of the content alone. */
  readonly etag: string
}

/** What the page for terminals is made of. Assets are named by their path below the page's own. */
export type TerminalPage = {
  /** Returns an asset of the list that was made at start; null: it is not on it. */
  readonly asset: (path: string) => PageAsset | null
  /** Paths of the page's modules, the one that starts it first; every other is loaded by one of these. */
  readonly modules: () => readonly string[]
  /** Paths of packages by the names that modules import them by. */
  readonly packages: Readonly<Record<string, string>>
  readonly styles: readonly string[]
  /** Base URLs of the gateways that the page opens sockets at. */
  readonly gatewayUrls: () => readonly string[]
}

/** Everything a dialect needs. */
export type HttpContext = {
  readonly bodies: BodyBudget
  /** By the peer of a socket where no proxy is trusted, else by client. */
  readonly connections: AddressCap
  readonly ports: Ports
  readonly settings: HttpSettings
  readonly gateways: GatewayLocator
  readonly terminals: Terminals
  readonly terminalPage: TerminalPage
  /** Public keys as they are published now (RFC 7517). */
  readonly jwks: () => { readonly keys: readonly object[] }
  readonly build: Build
  /** Why this node does not take all of its work; empty: it does. */
  readonly readiness: () => Promise<readonly ReadinessReason[]>
  /** Returns an `otpauth:` address as a PNG in a data URL, of exactly so many pixels each way where it is said. */
  readonly qrCode: (text: string, pixels?: number) => Promise<string>
  /** Compares a set-up secret with the one that was printed at start; false once it was used. */
  readonly setup: { readonly accepts: (secret: string) => boolean; readonly end: () => void }
}

/** One dialect: its paths, its routes, its way to say no. */
export type DialectPlugin = {
  readonly name: Dialect
  /** Path prefixes that it answers for, known paths or not; without the operator's prefix. */
  readonly pathPrefixes: readonly string[]
  readonly register: (app: App, context: HttpContext) => void
  /** What its OpenAPI document says beside its routes. */
  readonly document: DialectDocument
  /** Writes a refusal in the dialect's own shape; the only place that knows it. */
  readonly answerRefusal: (refusal: Refusal, request: FastifyRequest, reply: FastifyReply) => FastifyReply
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly bodyBudget: BodyBudget
  }
  interface FastifyRequest {
    /** Canonical address of the client, behind trusted proxies where there are any. */
    clientIp: string
    /** Set by a dialect's authenticate step. */
    principal: Principal | null
  }
}
