/** Bench: the process of the load. It uses as little CPU as possible, and reports the answers. */
import { performance } from 'node:perf_hooks'
import type { LoadReport, LoadRequest } from './plan.ts'
import { openFlow } from './run-flow.ts'

process.on('message', (request: LoadRequest) => {
  void runLoad(request).then((report) => process.send?.(report))
})
process.once('disconnect', () => process.exit(0))
process.send?.('ready')

async function runLoad({ port, plans }: LoadRequest): Promise<LoadReport> {
  const flows = await Promise.all(plans.map((plan) => openFlow(port, plan)))
  const began = performance.now()
  const cpu = process.cpuUsage()
  const done = await Promise.all(flows.map((flow) => flow.run()))
  const { user, system } = process.cpuUsage(cpu)
  const seconds = (performance.now() - began) / 1000
  for (const flow of flows) flow.close()
  return { flows: done, cpuSeconds: (user + system) / 1e6, seconds }
}
