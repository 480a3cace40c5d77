import type { AssetDetail, Lineage, ServedServiceInfo } from '@agorai/core'
import { lazy, Suspense } from 'react'
import { Waiting } from '../../ui/Notice.js'
import { useGetAsset } from '../catalogue/useGetAsset.js'
import type { Movement } from '../lineage/movement.js'
import { useGetLineage } from '../lineage/useGetLineage.js'
import { useGetService } from './useGetService.js'
import { useSellingServices } from './useSellingServices.js'

const Playground = lazy(async () => ({ default: (await import('./Playground.js')).Playground }))

/** The playground of a service, and of a model that a service sells; nothing where this node answers for neither. */
export function TryPanel({
  asset,
  lineage,
  onMoved,
}: {
  asset: AssetDetail
  lineage: Lineage | undefined
  onMoved: (movement: Movement) => void
}) {
  const own = useGetService(asset.id)
  const [selling] = useSellingServices(asset)
  if (!own && selling === undefined) return null
  return (
    <Suspense fallback={<Waiting>Fetching the form to try it…</Waiting>}>
      {own ? (
        <Playground asset={asset} service={own} lineage={lineage} onMoved={onMoved} />
      ) : selling === undefined ? null : (
        <TryThrough service={selling} />
      )}
    </Suspense>
  )
}

/** What a call moves is told by its receipt: the picture of the model's page does not have the service. */
function TryThrough({ service }: { service: ServedServiceInfo }) {
  const asset = useGetAsset(service.asset)
  const lineage = useGetLineage(asset.data?.version.id)
  if (asset.data === undefined) return null
  return <Playground asset={asset.data} service={service} lineage={lineage.data} through />
}
