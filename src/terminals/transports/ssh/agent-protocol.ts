/**
 * Terminals: the answers of our ssh-agent. It signs one login and nothing else. No I/O.
 *
 * @see draft-ietf-sshm-ssh-agent for the messages; OpenSSH's PROTOCOL.agent section 1 for the binding to a session.
 */
import type { Certificate } from './certificate.ts'
import { type SigningKey, signBlob } from './keys.ts'
import { byte, MalformedBytes, string, uint32, WireReader } from './wire.ts'

/** Numbers of the messages. */
const messages = {
  failure: 5,
  success: 6,
  requestIdentities: 11,
  identitiesAnswer: 12,
  signRequest: 13,
  signResponse: 14,
  extension: 27,
} as const

/** First byte of a request to authenticate a user (RFC 4252 section 5). */
const userauthRequest = 50

/** Most messages of one client; OpenSSH sends three. */
const mostMessages = 16

/** The one login that an agent signs. */
export type AgentLogin = {
  readonly certificate: Certificate
  readonly key: SigningKey
  readonly osUser: string
  /** Returns whether a host key is the server's. */
  readonly isServersKey: (blob: Uint8Array) => boolean
}

/** How far the login came, as the agent saw it. A server asks for a signature only after it accepted the certificate. */
export type AgentProgress = 'idle' | 'listed' | 'signed' | 'refused'

/** The answer, and whether it ends the exchange. */
export type AgentAnswer = { readonly reply: Buffer; readonly isOver: boolean }

/** The session that the client named. */
type Binding = { readonly hostKey: Buffer; readonly sessionId: Buffer }

/** The agent's side of one exchange. */
export class AgentExchange {
  readonly #login: AgentLogin
  #binding: Binding | null = null
  #progress: AgentProgress = 'idle'
  #messages = 0

  constructor(login: AgentLogin) {
    this.#login = login
  }

  /** How far the login came. */
  get progress(): AgentProgress {
    return this.#progress
  }

  /**
   * Answers one message, without its length; never throws. After an answer that ends the exchange, every other one
   * fails.
   */
  answer(message: Uint8Array): AgentAnswer {
    this.#messages += 1
    if (this.#isOver() || this.#messages > mostMessages) return this.#refuse()
    try {
      return this.#answer(new WireReader(message))
    } catch (error) {
      if (error instanceof MalformedBytes) return this.#refuse()
      throw error
    }
  }

  #isOver(): boolean {
    return this.#progress === 'signed' || this.#progress === 'refused'
  }

  #answer(reader: WireReader): AgentAnswer {
    switch (reader.byte()) {
      case messages.requestIdentities:
        return this.#list(reader)
      case messages.extension:
        return this.#extend(reader)
      case messages.signRequest:
        return this.#sign(reader)
      default:
        return failure
    }
  }

  #list(reader: WireReader): AgentAnswer {
    reader.end()
    this.#progress = 'listed'
    const { certificate } = this.#login
    const reply = [byte(messages.identitiesAnswer), uint32(1), string(certificate.blob), string(certificate.keyId)]
    return { reply: Buffer.concat(reply), isOver: false }
  }

  /** A client of OpenSSH 8.9 or newer names its session first, and continues after any answer. */
  #extend(reader: WireReader): AgentAnswer {
    if (reader.text() !== 'session-bind@openssh.com') return failure
    const [hostKey, sessionId] = [reader.string(), reader.string()]
    reader.string() // The host's signature; the client program has checked it.
    const isForwarded = reader.boolean()
    reader.end()
    const isOurs = this.#binding === null && !isForwarded && sessionId.length > 0 && this.#login.isServersKey(hostKey)
    if (!isOurs) return this.#refuse()
    this.#binding = { hostKey: Buffer.from(hostKey), sessionId: Buffer.from(sessionId) }
    return { reply: byte(messages.success), isOver: false }
  }

  #sign(reader: WireReader): AgentAnswer {
    const { certificate, key } = this.#login
    const blob = reader.string()
    const request = reader.string()
    const flags = reader.uint32()
    reader.end()
    if (flags !== 0 || !certificate.blob.equals(blob) || !this.#isOurLogin(new WireReader(request))) {
      return this.#refuse()
    }
    this.#progress = 'signed'
    const reply = Buffer.concat([byte(messages.signResponse), string(signBlob(key, request))])
    return { reply, isOver: true }
  }

  /** Reads the data to sign (RFC 4252 section 7; OpenSSH's PROTOCOL section 3.1 for the form with the host key). */
  #isOurLogin(reader: WireReader): boolean {
    const sessionId = reader.string()
    const isOurSession = this.#binding === null ? sessionId.length > 0 : this.#binding.sessionId.equals(sessionId)
    if (!isOurSession || reader.byte() !== userauthRequest) return false
    if (reader.text() !== this.#login.osUser || reader.text() !== 'ssh-connection') return false
    const method = reader.text()
    const { certificate } = this.#login
    const isCertificate =
      reader.byte() === 1 && reader.text() === certificate.algorithm && certificate.blob.equals(reader.string())
    if (!isCertificate) return false
    const isOurHost =
      method === 'publickey-hostbound-v00@openssh.com' ? this.#isOurHost(reader.string()) : method === 'publickey'
    reader.end()
    return isOurHost
  }

  #isOurHost(hostKey: Buffer): boolean {
    const isBound = this.#binding === null || this.#binding.hostKey.equals(hostKey)
    return isBound && this.#login.isServersKey(hostKey)
  }

  #refuse(): AgentAnswer {
    if (this.#progress !== 'signed') this.#progress = 'refused'
    return { reply: byte(messages.failure), isOver: true }
  }
}

const failure: AgentAnswer = { reply: byte(messages.failure), isOver: false }
