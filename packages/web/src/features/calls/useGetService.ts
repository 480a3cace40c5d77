import { type ServedServiceInfo, servedServicesSchema } from '@agorai/core'
import { useQuery } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'

/** The services that this node answers for. */
export function useListServices() {
  const { client } = useAgorai()
  return useQuery({
    queryKey: ['services'],
    queryFn: async () => (await client.http.json(servedServicesSchema, { path: 'api/v1/services' })).services,
  })
}

/** A service as this node serves it; undefined while that is not known, and null where it does not serve it. */
export function useGetService(asset: string): ServedServiceInfo | null | undefined {
  const services = useListServices()
  if (services.isError) return null
  return services.data === undefined ? undefined : (services.data.find((each) => each.asset === asset) ?? null)
}
