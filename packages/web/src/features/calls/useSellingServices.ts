import type { AssetDetail, ServedServiceInfo } from '@agorai/core'
import { useGetVersions } from '../catalogue/useGetVersions.js'
import { useListServices } from './useGetService.js'

/** The services that sell the work of a version of this model and that this node answers for. */
export function useSellingServices(asset: AssetDetail): readonly ServedServiceInfo[] {
  const services = useListServices()
  const versions = new Set(useGetVersions(asset).map(({ id }) => id))
  return services.data?.filter(({ serving }) => serving.model !== undefined && versions.has(serving.model)) ?? []
}
