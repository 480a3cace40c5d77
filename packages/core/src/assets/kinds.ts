/** Kinds of asset in the order of `IAssetRegistry.Kind`, where 0 is `None`. */
export const assetKinds = [
  'dataset',
  'model',
  'algorithm',
  'service',
  'feed',
  'agent',
  'pipeline',
  'collection',
  'machine',
] as const
export type AssetKind = (typeof assetKinds)[number]

/** The number that the registry stores for a kind. */
export const kindToNumber = (kind: AssetKind): number => assetKinds.indexOf(kind) + 1

/** The kind that a number of the registry names; undefined for a number that it never stores. */
export const kindFromNumber = (value: number): AssetKind | undefined => assetKinds[value - 1]

/** Kinds that may sell the work of other versions. */
export const supplyKinds: readonly AssetKind[] = ['service', 'agent', 'pipeline']

/** Kinds that are nothing without a content. A collection never has one; the others may, and a feed may be appended to instead. */
export const contentKinds: readonly AssetKind[] = ['dataset', 'model', 'algorithm']
