/** Platform: sends mails to an SMTP server one after another, in the background. A failed mail is logged and not sent again. */
import { createTransport } from 'nodemailer'
import type { Log, Mail, Mailer } from '../core/ports.ts'

/** Options of the mailer. */
export type MailerOptions = {
  /** `smtp://` or `smtps://`, with user and password if the server needs them. */
  readonly url: string
  readonly from: string
  readonly log: Log
}

/** A mailer that is closed by its owner. */
export type ClosableMailer = Mailer & { readonly close: () => Promise<void> }

/** Most mails that wait; further ones are dropped and logged. */
const longestQueue = 100

/** Longest wait for the server at each step, in milliseconds. */
const timeoutMs = 10_000

/** Creates a mailer; it connects with the first mail. */
export function createMailer({ url, from, log }: MailerOptions): ClosableMailer {
  const timeouts = { connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs }
  const transport = createTransport({ url, ...timeouts }, { from })
  let waiting = 0
  let work: Promise<void> = Promise.resolve()
  const send = async (mail: Mail): Promise<void> => {
    try {
      await transport.sendMail({ ...mail })
    } catch (cause) {
      log.error({ err: cause }, 'a mail could not be sent')
    } finally {
      waiting -= 1
    }
  }
  return {
    post: (mail) => {
      if (waiting >= longestQueue) return void log.error({}, 'a mail was dropped: too many wait to be sent')
      waiting += 1
      work = work.then(() => send(mail))
    },
    close: async () => {
      await work
      transport.close()
    },
  }
}
