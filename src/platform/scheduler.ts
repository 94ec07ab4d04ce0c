/** Platform: runs recurring jobs, each after the end of its last run. A failed job is logged and runs again. */
import type { Log } from '../core/ports.ts'
import type { Job } from '../core/upkeep.ts'

/** Jobs that run until they are stopped. */
export type Scheduler = { readonly stop: () => Promise<void> }

/** Starts jobs; their timers do not keep the process alive. */
export function startJobs(jobs: readonly Job[], log: Log): Scheduler {
  const stops = jobs.map((job) => startJob(job, log))
  return {
    stop: async () => {
      await Promise.all(stops.map((stop) => stop()))
    },
  }
}

function startJob(job: Job, log: Log): () => Promise<void> {
  let isStopped = false
  let current: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  const plan = (): void => {
    if (isStopped) return
    timer = setTimeout(() => {
      current = job
        .run()
        .catch((cause: unknown) => log.warn({ job: job.name, err: cause }, 'a recurring job failed'))
        .then(plan)
    }, job.everyMs)
    timer.unref()
  }
  plan()
  return () => {
    isStopped = true
    clearTimeout(timer)
    return current
  }
}
