/** HTTP: what every dialect gets when it registers its routes. */

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
import type { Principal } from '../core/sessions/principal.ts'
import type { GatewayLocator } from '../core/terminals/mint-pty-token.ts'
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

/** The operator's settings for HTTP. */
export type HttpSettings = {
  /** Base of links and of `proxyUrl`: scheme and host, no path, no trailing slash. */
  readonly publicUrl: string
  /** IP literals and CIDRs of proxies whose forwarding header is trusted. */
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

/** Settings of one dialect. */
export type DialectSettings = {
  readonly isEnabled: boolean
  /** Put before every path of the dialect; empty, or `/` and no trailing slash. */
  readonly prefix: string
  /** Origins that browsers may call from; none by default. */
  readonly allowedOrigins: readonly string[]
}

/** The version in documents and probes. */
export type Build = { readonly version: string /** RFC 3339. */; readonly builtAt: string }

/** A range of bytes, both ends included. */
export type ByteRange = { readonly from: number; readonly to: number }

/** The versions of asciicast in which a recording is sent. */
export type CastVersion = 2 | 3

/** A recording as asciicast. */
export type RecordingExport = {
  /** It still grows: it has no size yet, and no range of it can be read. */
  readonly isLive: boolean
  /** In bytes. */
  readonly size: () => Promise<number>
  /** null: everything that is there now. */
  readonly read: (range: ByteRange | null) => AsyncIterable<Uint8Array>
}

/** The account that follows a terminal. */
export type Follower = { readonly accountId: number }

/** What HTTP needs from the terminals of this node. The caller checks the permission first. */
export type Terminals = {
  /** null: there is no recording. */
  readonly exportRecording: (ptySessionId: string, version: CastVersion) => Promise<RecordingExport | null>
  /**
   * Returns new asciicast v3 lines until the PTY session ends or `signal` aborts; null if the PTY session does not run here.
   * An aborted signal adds no follower.
   *
   * @throws NO_GATEWAY if the PTY session, or the account, has too many followers.
   */
  readonly follow: (ptySessionId: string, follower: Follower, signal: AbortSignal) => AsyncIterable<Uint8Array> | null
  readonly hasRecording: (ptySessionId: string) => Promise<boolean>
}

/** One file that a page loads; read once and kept in memory. */
export type PageAsset = {
  /** Media type. */
  readonly type: string
  readonly body: Buffer
  /** Entity tag, from the content only. */
  readonly etag: string
}

/** The parts of the page for terminals. Assets have paths below the page's own path. */
export type TerminalPage = {
  /** Returns an asset of the list that was read at the start; null if the list does not have it. */
  readonly asset: (path: string) => PageAsset | null
  /** Paths of the page's modules. The first one is the entry module, which imports the others. */
  readonly modules: () => readonly string[]
  /** Paths of packages by the names under which modules import them. */
  readonly packages: Readonly<Record<string, string>>
  readonly styles: readonly string[]
  /** Base URLs of the gateways to which the page opens sockets. */
  readonly gatewayUrls: () => readonly string[]
}

/** Everything a dialect needs. */
export type HttpContext = {
  readonly bodies: BodyBudget
  /** Counts by the peer of a socket if no proxy is trusted, and by client otherwise. */
  readonly connections: AddressCap
  readonly ports: Ports
  readonly settings: HttpSettings
  readonly gateways: GatewayLocator
  readonly terminals: Terminals
  readonly terminalPage: TerminalPage
  /** Returns the public keys that are published now (RFC 7517). */
  readonly jwks: () => { readonly keys: readonly object[] }
  readonly build: Build
  /** Returns the reasons for which this node is not fully ready; empty if it is. */
  readonly readiness: () => Promise<readonly ReadinessReason[]>
  /** Returns an `otpauth:` URL as a PNG in a data URL; `pixels` is its exact width and height. */
  readonly qrCode: (text: string, pixels?: number) => Promise<string>
  /** `accepts` returns whether a secret is the one that the server printed at its start and was not used yet. */
  readonly setup: { readonly accepts: (secret: string) => boolean; readonly end: () => void }
}

/** One dialect: its paths, its routes and its answers to refusals. */
export type DialectPlugin = {
  readonly name: Dialect
  /** Prefixes of the paths that it answers, also those without a route; without the operator's prefix. */
  readonly pathPrefixes: readonly string[]
  readonly register: (app: App, context: HttpContext) => void
  /** What its OpenAPI document says besides its routes. */
  readonly document: DialectDocument
  /** Sends a refusal in the dialect's own shape. */
  readonly answerRefusal: (refusal: Refusal, request: FastifyRequest, reply: FastifyReply) => FastifyReply
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly bodyBudget: BodyBudget
  }
  interface FastifyRequest {
    /** Canonical address of the client, also behind trusted proxies. */
    clientIp: string
    /** Set by the authentication step of a dialect. */
    principal: Principal | null
  }
}
