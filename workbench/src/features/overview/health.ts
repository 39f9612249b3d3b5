import type { Api } from '@/api/client'
import { useFollowing, useHealthQuery } from './queries'

export { HealthCells, HealthHeaders } from './HealthCells/HealthCells'
export type FlowHealth = Api['FlowHealth']

/** How each flow does today, by its id; it follows what happens. */
export function useHealth(): { of: (flow: string) => FlowHealth | undefined; error: unknown } {
  useFollowing()
  const { data, error } = useHealthQuery()
  return { of: (flow) => data?.flows.find((each) => each.flow === flow), error }
}
